-- Topics of communities, in the order in which they came.
CREATE TABLE IF NOT EXISTS topics (
  number INTEGER PRIMARY KEY,
  GroupId TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
  TopicId TEXT NOT NULL UNIQUE,
  TopicName TEXT NOT NULL,
  FaceUrl TEXT NOT NULL DEFAULT '',
  Notification TEXT NOT NULL DEFAULT '',
  Introduction TEXT NOT NULL DEFAULT '',
  CustomString TEXT NOT NULL DEFAULT '',
  CreateTime INTEGER NOT NULL,
  LastMsgTime INTEGER NOT NULL DEFAULT 0,
  NextMsgSeq INTEGER NOT NULL DEFAULT 1,
  MuteAllMember TEXT NOT NULL DEFAULT 'Off'
);
CREATE INDEX IF NOT EXISTS topics_of_group ON topics (GroupId, number);
