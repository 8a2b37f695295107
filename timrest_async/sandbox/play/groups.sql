-- Groups, in the order in which they came. MaxMemberCount is what modify_group_base_info calls MaxMemberNum; NULL is no limit.
CREATE TABLE IF NOT EXISTS groups (
  GroupId TEXT PRIMARY KEY NOT NULL,
  Type TEXT NOT NULL,
  Name TEXT NOT NULL,
  Owner_Account TEXT REFERENCES accounts ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
  Introduction TEXT NOT NULL DEFAULT '',
  Notification TEXT NOT NULL DEFAULT '',
  FaceUrl TEXT NOT NULL DEFAULT '',
  MaxMemberCount INTEGER DEFAULT 6000,
  ApplyJoinOption TEXT NOT NULL DEFAULT 'NeedPermission',
  InviteJoinOption TEXT,              -- where nobody said: FreeAccess for Private, DisableInvite for all others
  MuteAllMember TEXT NOT NULL DEFAULT 'Off',
  SupportTopic INTEGER NOT NULL DEFAULT 0,
  EnablePermission INTEGER NOT NULL DEFAULT 0,
  DefaultPermission INTEGER NOT NULL DEFAULT 0,
  HistoryMsgBeforeJoin TEXT,          -- where nobody said, the type of the group decides
  AppDefinedData TIMJSON NOT NULL DEFAULT '[]',
  CreateTime INTEGER NOT NULL,
  InfoSeq INTEGER NOT NULL DEFAULT 1,
  LastInfoTime INTEGER NOT NULL,
  LastMsgTime INTEGER NOT NULL DEFAULT 0,
  NextMsgSeq INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX IF NOT EXISTS groups_of_type ON groups (Type);
CREATE INDEX IF NOT EXISTS groups_of_owner ON groups (Owner_Account, Type);
