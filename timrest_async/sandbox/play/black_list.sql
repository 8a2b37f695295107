-- Black lists: To_Account stands on the list of From_Account.
CREATE TABLE IF NOT EXISTS black_list (
  number INTEGER PRIMARY KEY,
  From_Account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  To_Account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  AddBlackTimeStamp INTEGER NOT NULL,
  UNIQUE (From_Account, To_Account)
);
CREATE INDEX IF NOT EXISTS black_list_of_others ON black_list (To_Account);
