-- Follows: From_Account follows To_Account.
CREATE TABLE IF NOT EXISTS follows (
  number INTEGER PRIMARY KEY,
  From_Account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  To_Account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  FollowTime INTEGER NOT NULL,
  UNIQUE (From_Account, To_Account)
);
CREATE INDEX IF NOT EXISTS follows_in_order ON follows (From_Account, number);
CREATE INDEX IF NOT EXISTS followers_in_order ON follows (To_Account, number);
