-- Key-value pairs on messages: on a one-to-one message, or on one in a group.
CREATE TABLE IF NOT EXISTS message_extensions (
  number INTEGER PRIMARY KEY,
  message INTEGER REFERENCES messages ON DELETE CASCADE,
  group_message INTEGER REFERENCES group_messages ON DELETE CASCADE,
  Key TEXT NOT NULL,
  Value TEXT NOT NULL,
  Seq INTEGER NOT NULL,
  UNIQUE (message, Key),
  UNIQUE (group_message, Key)
);
-- How often the pairs on a message were changed, and at which change they were cleared.
CREATE TABLE IF NOT EXISTS message_extension_seqs (
  number INTEGER PRIMARY KEY,
  message INTEGER UNIQUE REFERENCES messages ON DELETE CASCADE,
  group_message INTEGER UNIQUE REFERENCES group_messages ON DELETE CASCADE,
  LatestSeq INTEGER NOT NULL,
  ClearSeq INTEGER NOT NULL
);
