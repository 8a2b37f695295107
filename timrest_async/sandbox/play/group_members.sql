-- Members of groups, in the order in which they joined.
CREATE TABLE IF NOT EXISTS group_members (
  number INTEGER PRIMARY KEY,
  GroupId TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
  Member_Account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  Role TEXT NOT NULL DEFAULT 'Member',
  JoinTime INTEGER NOT NULL,
  MsgSeq INTEGER NOT NULL DEFAULT 0,  -- up to which message the member has read
  MsgFlag TEXT NOT NULL DEFAULT 'AcceptAndNotify',
  LastSendMsgTime INTEGER NOT NULL DEFAULT 0,
  NameCard TEXT NOT NULL DEFAULT '',
  AppMemberDefinedData TIMJSON NOT NULL DEFAULT '[]',
  UNIQUE (GroupId, Member_Account)
);
CREATE INDEX IF NOT EXISTS groups_of_member ON group_members (Member_Account);
CREATE INDEX IF NOT EXISTS group_members_in_order ON group_members (GroupId, number);
-- Who may not write in a group until when; also who is no member of it.
CREATE TABLE IF NOT EXISTS group_mutes (
  GroupId TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
  Member_Account TEXT NOT NULL,
  MuteUntil INTEGER NOT NULL,
  PRIMARY KEY (GroupId, Member_Account)
) WITHOUT ROWID;
-- Members with what is told of them; MuteUntil may be over.
CREATE VIEW IF NOT EXISTS member_infos AS
  SELECT group_members.*, ifnull(MuteUntil, 0) AS MuteUntil,
    ifnull((SELECT min(Status) FROM logins WHERE UserID = Member_Account), 'Offline') AS OnlineStatus
  FROM group_members LEFT JOIN group_mutes USING (GroupId, Member_Account);
