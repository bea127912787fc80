-- fail_pending: counts a failed attempt and makes the row due later.
--
-- Params:  due_at reason set_id record_id stamp.
-- Returns: nothing.
UPDATE pending_vector
SET attempts = attempts + 1, due_at = ?, reason = ?
WHERE set_id = ? AND record_id = ? AND stamp = ? AND state = 'due';
