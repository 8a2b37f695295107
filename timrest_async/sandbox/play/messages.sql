-- One-to-one messages. MsgKey is the same for all receivers of one batchsendmsg.
CREATE TABLE IF NOT EXISTS messages (
  number INTEGER PRIMARY KEY,
  From_Account TEXT NOT NULL,
  To_Account TEXT NOT NULL,
  MsgSeq INTEGER NOT NULL,
  MsgRandom INTEGER NOT NULL,
  MsgTimeStamp INTEGER NOT NULL,
  MsgKey TEXT NOT NULL,               -- made of MsgSeq, MsgRandom and MsgTimeStamp, by which it is found
  MsgId TEXT NOT NULL,
  MsgBody TIMJSON NOT NULL,
  CloudCustomData TEXT,
  MsgFlagBits INTEGER NOT NULL DEFAULT 0,
  IsPeerRead INTEGER NOT NULL DEFAULT 0,
  IsNeedReadReceipt INTEGER NOT NULL DEFAULT 0,
  SupportMessageExtension INTEGER NOT NULL DEFAULT 0,
  content INTEGER NOT NULL,           -- what a repeat has in common with it, besides sender, MsgSeq and MsgRandom
  taken REAL NOT NULL,                -- when it came, by the wall clock; a repeat is told for 120 s
  repeatable INTEGER NOT NULL,        -- 0 where nothing tells a repeat: batches and imports
  online_only INTEGER NOT NULL,       -- in no history
  unread INTEGER NOT NULL DEFAULT 0,  -- counts as unread for its receiver
  hidden_from INTEGER NOT NULL DEFAULT 0,  -- not in the history of its sender
  hidden_to INTEGER NOT NULL DEFAULT 0,    -- not in the history of its receiver
  call INTEGER NOT NULL               -- which call brought it
);
CREATE INDEX IF NOT EXISTS messages_of_sender ON messages (From_Account, To_Account, MsgTimeStamp, MsgSeq);
CREATE INDEX IF NOT EXISTS messages_by_random ON messages (MsgRandom, MsgSeq);
CREATE INDEX IF NOT EXISTS messages_unread ON messages (To_Account, From_Account) WHERE unread;
-- Conversations, a row for each side: when its list shows the last message (0: not in the list), and what is unread.
-- A row without a peer sums up what is unread, so that nobody has to count.
CREATE TABLE IF NOT EXISTS conversations (
  UserID TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  Peer_Account TEXT NOT NULL,
  MsgTime INTEGER NOT NULL,
  C2CUnreadMsgNum INTEGER NOT NULL,
  PRIMARY KEY (UserID, Peer_Account)
) WITHOUT ROWID;
-- An account that is deleted takes its own side of every conversation with it.
CREATE TRIGGER IF NOT EXISTS messages_of_deleted BEFORE DELETE ON accounts BEGIN
  UPDATE messages SET hidden_from = 1
  WHERE From_Account = old.UserID AND To_Account IN (SELECT Peer_Account FROM conversations WHERE UserID = old.UserID);
  UPDATE messages SET hidden_to = 1, unread = 0
  WHERE To_Account = old.UserID AND From_Account IN (SELECT Peer_Account FROM conversations WHERE UserID = old.UserID);
END;
