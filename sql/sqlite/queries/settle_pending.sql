-- settle_pending: removes a row that nobody has renewed.
--
-- Params:  set_id record_id stamp.
-- Returns: nothing.
DELETE FROM pending_vector WHERE set_id = ? AND record_id = ? AND stamp = ? AND state <> 'intent';
