-- Friend groups of From_Account.
CREATE TABLE IF NOT EXISTS friend_groups (
  number INTEGER PRIMARY KEY,
  From_Account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  GroupName TEXT NOT NULL,
  UNIQUE (From_Account, GroupName)
);

-- Which friends are in them: only friends are.
CREATE TABLE IF NOT EXISTS friend_group_members (
  number INTEGER PRIMARY KEY,
  From_Account TEXT NOT NULL,
  GroupName TEXT NOT NULL,
  To_Account TEXT NOT NULL,
  UNIQUE (From_Account, GroupName, To_Account),
  FOREIGN KEY (From_Account, GroupName) REFERENCES friend_groups (From_Account, GroupName) ON DELETE CASCADE,
  FOREIGN KEY (From_Account, To_Account) REFERENCES friends (From_Account, To_Account) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS friend_groups_of_friends ON friend_group_members (From_Account, To_Account);
