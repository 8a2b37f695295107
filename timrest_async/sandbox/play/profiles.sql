-- Profiles: nickname and picture are Tag_Profile_IM_Nick and Tag_Profile_IM_Image.
CREATE TABLE IF NOT EXISTS profiles (
  UserID TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  Tag TEXT NOT NULL,
  Value BLOB,                         -- text or a number, as it came; a column of another type would make "7" a number
  PRIMARY KEY (UserID, Tag)
) WITHOUT ROWID;
