-- lease_candidates: rows that are due, the longest waiting first.
--
-- Params:  now, how many at most.
-- Returns: set_id record_id stamp attempts reason.
-- Uses:    pending_vector_due.
SELECT set_id, record_id, stamp, attempts, reason
FROM pending_vector
WHERE state = 'due' AND due_at <= ?
ORDER BY due_at, stamp, set_id, record_id
LIMIT ?;
