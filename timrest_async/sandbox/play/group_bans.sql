-- Who may not be in a group until when.
CREATE TABLE IF NOT EXISTS group_bans (
  GroupId TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
  Member_Account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  BannedUntil INTEGER NOT NULL,
  Description TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (GroupId, Member_Account)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bans_of_account ON group_bans (Member_Account);
-- Who may not write in a topic until when.
CREATE TABLE IF NOT EXISTS topic_mutes (
  TopicId TEXT NOT NULL REFERENCES topics (TopicId) ON DELETE CASCADE,
  Member_Account TEXT NOT NULL,
  MuteUntil INTEGER NOT NULL,
  GroupId TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
  PRIMARY KEY (TopicId, Member_Account)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS topic_mutes_of_group ON topic_mutes (GroupId);
