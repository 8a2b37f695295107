-- Who subscribes to which official account.
CREATE TABLE IF NOT EXISTS official_subscribers (
  number INTEGER PRIMARY KEY,
  Official_Account TEXT NOT NULL REFERENCES official_accounts (Official_Account) ON DELETE CASCADE,
  Subscriber_Account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  SubscribeTime INTEGER NOT NULL,
  CustomString TEXT NOT NULL DEFAULT '',
  MsgFlag TEXT NOT NULL DEFAULT 'AcceptAndNotify',
  LastSendMsgTime INTEGER NOT NULL DEFAULT 0,
  UNIQUE (Official_Account, Subscriber_Account)
);
CREATE INDEX IF NOT EXISTS official_subscribers_in_order ON official_subscribers (Official_Account, number);
CREATE INDEX IF NOT EXISTS official_subscriptions_in_order ON official_subscribers (Subscriber_Account, number);
