-- Who may send nothing to anybody (C2C) or to no group (Group) until when; who may has no row.
CREATE TABLE IF NOT EXISTS global_mutes (
  UserID TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  ChatType TEXT NOT NULL,
  MuteUntil INTEGER NOT NULL,
  PRIMARY KEY (UserID, ChatType)
) WITHOUT ROWID;
-- Files that are blocked.
CREATE TABLE IF NOT EXISTS blocked_files (
  RawURL TEXT PRIMARY KEY
) WITHOUT ROWID;
