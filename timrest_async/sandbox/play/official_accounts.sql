-- Official accounts. One whose owner is deleted has none.
CREATE TABLE IF NOT EXISTS official_accounts (
  number INTEGER PRIMARY KEY,
  Official_Account TEXT NOT NULL UNIQUE,
  Owner_Account TEXT REFERENCES accounts ON DELETE SET NULL,
  Name TEXT NOT NULL,
  Introduction TEXT NOT NULL DEFAULT '',
  FaceUrl TEXT NOT NULL DEFAULT '',
  MaxSubscriberNum INTEGER NOT NULL DEFAULT 100000,
  Organization TEXT NOT NULL DEFAULT '',
  CustomString TEXT NOT NULL DEFAULT '',
  CreateTime INTEGER NOT NULL,
  LastMsgTime INTEGER NOT NULL DEFAULT 0,
  NextMsgSeq INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX IF NOT EXISTS official_accounts_of_owner ON official_accounts (Owner_Account);
