-- delete_pending: removes a pending row, whatever its stamp.
--
-- Params:  set_id record_id.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
DELETE FROM pending_vector WHERE set_id = ? AND record_id = ?;
