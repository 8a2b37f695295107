-- Messages in groups. In a topic they are numbered apart; elsewhere TopicId is empty.
CREATE TABLE IF NOT EXISTS group_messages (
  number INTEGER PRIMARY KEY,
  GroupId TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
  TopicId TEXT NOT NULL DEFAULT '',
  From_Account TEXT NOT NULL,
  MsgSeq INTEGER NOT NULL,
  Random INTEGER NOT NULL,
  MsgTimeStamp INTEGER NOT NULL,
  MsgPriority TEXT NOT NULL,
  MsgBody TIMJSON NOT NULL,
  CloudCustomData TEXT,
  To_Account TIMJSON,                 -- whom it is for, where that is not everybody
  GroupAtInfo TIMJSON,
  SendMsgControl TIMJSON NOT NULL DEFAULT '[]',
  SupportMessageExtension INTEGER NOT NULL DEFAULT 0,
  NeedReadReceipt INTEGER NOT NULL DEFAULT 0,
  content INTEGER NOT NULL,           -- what a repeat has in common with it, besides group and Random
  taken REAL NOT NULL,                -- when it came, by the wall clock; a repeat is told for 300 s; 0: never
  online_only INTEGER NOT NULL,       -- in no history
  unread INTEGER NOT NULL DEFAULT 1,  -- whether it counts as unread to who has not read so far
  recalled INTEGER NOT NULL DEFAULT 0,
  call INTEGER NOT NULL,              -- which call brought it
  UNIQUE (GroupId, TopicId, MsgSeq)
);
CREATE INDEX IF NOT EXISTS group_messages_by_random ON group_messages (GroupId, Random);
-- Messages to all live groups, which hold a copy each.
CREATE TABLE IF NOT EXISTS group_broadcasts (
  MsgSeq INTEGER PRIMARY KEY,
  From_Account TEXT NOT NULL,
  Random INTEGER NOT NULL,
  MsgTimeStamp INTEGER NOT NULL,
  MsgBody TIMJSON NOT NULL,
  CloudCustomData TEXT,
  content INTEGER NOT NULL,
  taken REAL NOT NULL,
  call INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS group_broadcasts_by_random ON group_broadcasts (Random);
-- System notices; nobody named in ToMembers_Account means everybody.
CREATE TABLE IF NOT EXISTS group_notices (
  number INTEGER PRIMARY KEY,
  GroupId TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
  TopicId TEXT NOT NULL DEFAULT '',
  Content TEXT NOT NULL,
  Time INTEGER NOT NULL,
  ToMembers_Account TIMJSON NOT NULL,
  call INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS group_notices_of_group ON group_notices (GroupId);
-- Up to which message a group's history is hidden from its members.
CREATE TABLE IF NOT EXISTS group_clearings (
  GroupId TEXT PRIMARY KEY REFERENCES groups ON DELETE CASCADE,
  MsgSeq INTEGER NOT NULL
) WITHOUT ROWID;
