-- release_pending: makes every parked row of a set due at once.
--
-- Params:  due_at set_id.
-- Returns: nothing; the count of changed rows tells.
UPDATE pending_vector
SET state = 'due', due_at = ?, attempts = 0
WHERE set_id = ? AND state = 'parked';
