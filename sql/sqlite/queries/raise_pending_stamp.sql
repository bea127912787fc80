-- raise_pending_stamp: gives an existing row a later stamp; lease, attempts and reason stay.
--
-- Params:  stamp set_id record_id.
-- Returns: nothing; the count of changed rows tells.
-- Runs in: the transaction of a commit.
UPDATE pending_vector SET stamp = ?, state = 'due' WHERE set_id = ? AND record_id = ?;
