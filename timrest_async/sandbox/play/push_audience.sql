-- Names of the application's attributes, by number, and what has them: 0 accounts, 1 registration ids.
CREATE TABLE IF NOT EXISTS push_attr_names (
  number TEXT PRIMARY KEY,
  Name TEXT NOT NULL,
  Type INTEGER NOT NULL
) WITHOUT ROWID;

-- Attributes of accounts, by number: another name leaves their values.
CREATE TABLE IF NOT EXISTS push_attrs (
  UserID TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  number TEXT NOT NULL REFERENCES push_attr_names,
  Value TEXT NOT NULL,
  PRIMARY KEY (UserID, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS push_accounts_of_attrs ON push_attrs (number, Value);

-- Tags of accounts.
CREATE TABLE IF NOT EXISTS push_tags (
  number INTEGER PRIMARY KEY,
  UserID TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  Tag TEXT NOT NULL,
  UNIQUE (UserID, Tag)
);
CREATE INDEX IF NOT EXISTS push_accounts_of_tags ON push_tags (Tag);
