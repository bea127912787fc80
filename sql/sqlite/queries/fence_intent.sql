-- fence_intent: turns an intent row into a due one, so that its writer finds it no more.
--
-- Params:  stamp due_at set_id record_id.
-- Returns: nothing; the count of changed rows tells.
-- Runs in: the transaction of a commit.
UPDATE pending_vector
SET stamp = ?, state = 'due', due_at = ?
WHERE set_id = ? AND record_id = ? AND state = 'intent';
