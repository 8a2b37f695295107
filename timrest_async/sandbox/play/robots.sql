-- Accounts that are robots, in the order in which they were created.
CREATE TABLE IF NOT EXISTS robots (
  number INTEGER PRIMARY KEY,
  UserID TEXT NOT NULL UNIQUE REFERENCES accounts ON DELETE CASCADE
);
-- Messages of robots that still grow; a finished one is a message as any other.
CREATE TABLE IF NOT EXISTS streams (
  number INTEGER PRIMARY KEY REFERENCES messages ON DELETE CASCADE,
  MsgKey TEXT NOT NULL UNIQUE
);
