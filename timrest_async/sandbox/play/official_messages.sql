-- Messages of official accounts to all who subscribe.
CREATE TABLE IF NOT EXISTS official_messages (
  Official_Account TEXT NOT NULL REFERENCES official_accounts (Official_Account) ON DELETE CASCADE,
  MsgSeq INTEGER NOT NULL,
  MsgKey TEXT NOT NULL,
  MsgRandom INTEGER NOT NULL,
  MsgTimeStamp INTEGER NOT NULL,
  MsgBody TIMJSON NOT NULL,
  CloudCustomData TEXT,
  content INTEGER NOT NULL,           -- what a repeat has in common with it, besides MsgRandom
  taken REAL NOT NULL,                -- when it came, by the wall clock; a repeat is told for 300 s, and it counts for an hour
  online_only INTEGER NOT NULL,       -- in no history
  recalled INTEGER NOT NULL DEFAULT 0,
  call INTEGER NOT NULL,              -- which call brought it
  PRIMARY KEY (Official_Account, MsgSeq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS official_messages_by_key ON official_messages (Official_Account, MsgKey);
CREATE INDEX IF NOT EXISTS official_messages_by_time ON official_messages (Official_Account, taken);
