-- Who confirmed to have read which message of a group.
CREATE TABLE IF NOT EXISTS group_receipts (
  GroupId TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
  MsgSeq INTEGER NOT NULL,
  Member_Account TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  PRIMARY KEY (GroupId, MsgSeq, Member_Account)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS group_receipts_of_member ON group_receipts (Member_Account);
-- Who is asked for a receipt, and who gave it: the sender's fellow members of then who are still there.
CREATE VIEW IF NOT EXISTS group_readers AS
SELECT said.GroupId, said.MsgSeq, member.number, member.Member_Account, receipt.MsgSeq IS NOT NULL AS has_read
FROM group_messages AS said
JOIN group_members AS member ON member.GroupId = said.GroupId
  AND member.Member_Account <> said.From_Account AND member.JoinTime <= said.MsgTimeStamp
  AND (said.To_Account IS NULL OR member.Member_Account IN (SELECT value FROM json_each(said.To_Account)))
LEFT JOIN group_receipts AS receipt ON receipt.GroupId = said.GroupId AND receipt.MsgSeq = said.MsgSeq
  AND receipt.Member_Account = member.Member_Account
WHERE said.TopicId = '' AND said.NeedReadReceipt AND NOT said.online_only AND NOT said.recalled;
