-- Attributes of groups, in the order in which they came; the manual writes key and value in small letters.
CREATE TABLE IF NOT EXISTS group_attributes (
  number INTEGER PRIMARY KEY,
  GroupId TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (GroupId, key)
);
-- Counters of groups, in the order in which they came.
CREATE TABLE IF NOT EXISTS group_counters (
  number INTEGER PRIMARY KEY,
  GroupId TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
  Key TEXT NOT NULL,
  Value INTEGER NOT NULL,
  UNIQUE (GroupId, Key)
);
