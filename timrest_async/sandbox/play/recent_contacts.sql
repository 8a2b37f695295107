-- What an account made of a conversation, with another account or in a group: pinned, marked, off the list, or in a
-- conversation group. Who made nothing of it has no row.
CREATE TABLE IF NOT EXISTS contacts (
  number INTEGER PRIMARY KEY,
  UserID TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  To_Account TEXT REFERENCES accounts ON DELETE CASCADE,
  ToGroupId TEXT REFERENCES groups ON DELETE CASCADE,
  TopFlag INTEGER NOT NULL DEFAULT 0,
  StandardMark TIMJSON NOT NULL DEFAULT '[]',  -- which of the marks 1 to 64 it has
  CustomMark TEXT NOT NULL DEFAULT '',
  Timestamp INTEGER NOT NULL DEFAULT 0,        -- when marks or conversation groups last changed
  NextMsgSeq INTEGER NOT NULL DEFAULT 0,       -- off the list until the group has a later message
  UNIQUE (UserID, To_Account),
  UNIQUE (UserID, ToGroupId)
);
CREATE INDEX IF NOT EXISTS contacts_of_account ON contacts (To_Account);
CREATE INDEX IF NOT EXISTS contacts_of_group ON contacts (ToGroupId);
-- Conversation groups; GroupId is a number, counted for each account.
CREATE TABLE IF NOT EXISTS contact_groups (
  UserID TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  GroupId INTEGER NOT NULL,
  GroupName TEXT NOT NULL,
  PRIMARY KEY (UserID, GroupId),
  UNIQUE (UserID, GroupName)
) WITHOUT ROWID;
-- Which conversations are in which conversation group.
CREATE TABLE IF NOT EXISTS contact_group_items (
  UserID TEXT NOT NULL,
  GroupId INTEGER NOT NULL,
  contact INTEGER NOT NULL REFERENCES contacts ON DELETE CASCADE,
  PRIMARY KEY (contact, GroupId),
  FOREIGN KEY (UserID, GroupId) REFERENCES contact_groups ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS contact_group_items_of_group ON contact_group_items (UserID, GroupId);
-- Conversations that are marked or in a conversation group.
CREATE VIEW IF NOT EXISTS marked_contacts AS
SELECT * FROM contacts
WHERE StandardMark <> '[]' OR CustomMark <> '' OR EXISTS (SELECT 1 FROM contact_group_items WHERE contact = contacts.number);
