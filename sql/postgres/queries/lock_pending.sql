-- lock_pending: the pending rows of ids in all sets.
--
-- Params:  array of id.
-- Returns: set_id record_id stamp state due_at attempts reason since.
-- Uses:    pending_vector_of_record.
-- Runs in: the transaction of a commit.
SELECT set_id, record_id, stamp, state, due_at, attempts, reason, since
FROM pending_vector
WHERE record_id = ANY ($1::uuid[])
ORDER BY record_id, set_id
FOR UPDATE;
