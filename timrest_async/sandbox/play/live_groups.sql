-- Marks on members of live rooms. Who has mark 500 is in the room whether it joined or not.
CREATE TABLE IF NOT EXISTS live_marks (
  number INTEGER PRIMARY KEY,
  GroupId TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
  Member_Account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  Mark INTEGER NOT NULL,
  MarkedTime INTEGER NOT NULL,
  UNIQUE (GroupId, Mark, Member_Account)
);
CREATE INDEX IF NOT EXISTS live_marks_of_account ON live_marks (Member_Account);
-- Admins of live rooms, who need not be in them.
CREATE TABLE IF NOT EXISTS live_admins (
  number INTEGER PRIMARY KEY,
  GroupId TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
  Admin_Account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  UNIQUE (GroupId, Admin_Account)
);
CREATE INDEX IF NOT EXISTS live_admins_of_account ON live_admins (Admin_Account);
-- Accounts as the lists of live rooms show them.
CREATE VIEW IF NOT EXISTS live_profiles AS
  SELECT
    UserID,
    ifnull((SELECT Value FROM profiles WHERE UserID = accounts.UserID AND Tag = 'Tag_Profile_IM_Nick'), '') AS NickName,
    ifnull((SELECT Value FROM profiles WHERE UserID = accounts.UserID AND Tag = 'Tag_Profile_IM_Image'), '') AS Avatar
  FROM accounts;
