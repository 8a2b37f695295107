-- Accounts. Whatever belongs to one goes with it.
CREATE TABLE IF NOT EXISTS accounts (
  UserID TEXT PRIMARY KEY
) WITHOUT ROWID;
-- When an account was imported; one that was put in by hand was there before.
CREATE TABLE IF NOT EXISTS imports (
  UserID TEXT PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
  ImportTime INTEGER NOT NULL
) WITHOUT ROWID;
-- Who is logged in where: Online, or PushOnline where only a push still reaches the device.
CREATE TABLE IF NOT EXISTS logins (
  UserID TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  Platform TEXT NOT NULL,
  Status TEXT NOT NULL,
  LoginTime INTEGER NOT NULL,
  PRIMARY KEY (UserID, Platform)
) WITHOUT ROWID;
