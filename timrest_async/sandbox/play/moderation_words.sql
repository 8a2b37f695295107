-- Words of the local filter. WordType is 1 for a word and 2 for a regular expression; FilterType 1 replaces, 2 blocks.
CREATE TABLE IF NOT EXISTS local_words (
  Id INTEGER PRIMARY KEY,
  Keyword TEXT NOT NULL UNIQUE,
  WordType INTEGER NOT NULL,
  FilterType INTEGER NOT NULL,
  ReplacedContent TEXT NOT NULL,
  UpdateTime TEXT NOT NULL
);
-- Libraries of the cloud filter.
CREATE TABLE IF NOT EXISTS cloud_libraries (
  number INTEGER PRIMARY KEY,
  ID TEXT NOT NULL UNIQUE,
  LibName TEXT NOT NULL,
  Describe TEXT NOT NULL,
  CreateTime TEXT NOT NULL,
  Suggestion TEXT NOT NULL
);
-- Their words.
CREATE TABLE IF NOT EXISTS cloud_words (
  number INTEGER PRIMARY KEY,
  LibID TEXT NOT NULL REFERENCES cloud_libraries (ID) ON DELETE CASCADE,
  Content TEXT NOT NULL,
  CreateTime TEXT NOT NULL,
  Label TEXT,
  UNIQUE (LibID, Content)
);
CREATE INDEX IF NOT EXISTS cloud_words_in_order ON cloud_words (LibID, number);
