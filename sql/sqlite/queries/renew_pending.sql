-- renew_pending: as put_pending, but only where a row exists.
--
-- Params:  stamp due_at reason set_id record_id.
-- Returns: nothing; the count of changed rows tells.
-- Runs in: the transaction of a commit.
UPDATE pending_vector
SET stamp = max(stamp, ?), state = 'due', due_at = ?, attempts = 0, reason = ?
WHERE set_id = ? AND record_id = ?;
