-- lease_pending: hides a row until its lease ends.
--
-- Params:  due_at set_id record_id.
-- Returns: nothing.
UPDATE pending_vector SET due_at = ? WHERE set_id = ? AND record_id = ?;
