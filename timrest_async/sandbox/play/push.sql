-- Pushes to many accounts. They count for a day, so they outlive their sender.
CREATE TABLE IF NOT EXISTS pushes (
  number INTEGER PRIMARY KEY,
  TaskId TEXT NOT NULL UNIQUE,
  command TEXT NOT NULL,              -- all_member_push/im_push, timpush/push or timpush/batch
  From_Account TEXT NOT NULL,
  MsgRandom INTEGER NOT NULL,
  Condition TIMJSON,
  MsgBody TIMJSON,
  MsgLifeTime INTEGER,
  OnlineOnlyFlag INTEGER,
  DataId TEXT,
  OfflinePushInfo TIMJSON,
  TaskTime INTEGER NOT NULL,
  taken REAL NOT NULL,                -- when it came, by the wall clock
  revoked INTEGER,                    -- when it was taken back
  overwritten TIMJSON,                -- the OfflinePushInfo that stands in its place since
  call INTEGER NOT NULL               -- which call brought it
);
CREATE INDEX IF NOT EXISTS pushes_in_order ON pushes (command, taken);
CREATE INDEX IF NOT EXISTS pushes_by_random ON pushes (command, MsgRandom);

-- Who got them.
CREATE TABLE IF NOT EXISTS push_receivers (
  TaskId TEXT NOT NULL REFERENCES pushes (TaskId) ON DELETE CASCADE,
  To_Account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  PRIMARY KEY (TaskId, To_Account)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pushes_of_receivers ON push_receivers (To_Account);
