-- park_pending: takes a row out of leasing until it is released.
--
-- Params:  set_id record_id stamp.
-- Returns: nothing.
UPDATE pending_vector
SET state = 'parked'
WHERE set_id = ? AND record_id = ? AND stamp = ? AND state = 'due';
