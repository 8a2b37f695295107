-- Friends: To_Account stands on the list of From_Account. Custom holds Tag_SNS_Custom_ fields by their whole tags.
CREATE TABLE IF NOT EXISTS friends (
  number INTEGER PRIMARY KEY,
  From_Account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  To_Account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  AddSource TEXT,
  Remark TEXT,
  RemarkTime INTEGER,
  AddWording TEXT,
  AddTime INTEGER NOT NULL,
  Custom TIMJSON NOT NULL DEFAULT '{}',
  UNIQUE (From_Account, To_Account)
);
CREATE INDEX IF NOT EXISTS friends_of_others ON friends (To_Account);

-- Requests of From_Account that To_Account has to confirm.
CREATE TABLE IF NOT EXISTS friend_requests (
  From_Account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  To_Account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  AddSource TEXT,
  Remark TEXT,
  GroupName TEXT,
  AddWording TEXT,
  AddTime INTEGER NOT NULL,
  PRIMARY KEY (From_Account, To_Account)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS friend_requests_to_others ON friend_requests (To_Account);

-- How often the relations of an account changed, by what they are: StandardSequence, CustomSequence and others.
CREATE TABLE IF NOT EXISTS relation_sequences (
  UserID TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  name TEXT NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (UserID, name)
) WITHOUT ROWID;
