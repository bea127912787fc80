-- pending_row: the pending row of a record in a set.
--
-- Params:  set_id record_id.
-- Returns: stamp state; no row when there is none.
-- Runs in: the transaction of a commit.
SELECT stamp, state FROM pending_vector WHERE set_id = ? AND record_id = ?;
