-- lease_candidates: due rows of a set and intents past their lease, the longest waiting first.
--
-- Params:  set_id now, how many at most.
-- Returns: set_id record_id stamp is_intent attempts reason.
-- Uses:    pending_vector_due.
SELECT set_id, record_id, stamp, state = 'intent', attempts, reason
FROM pending_vector
WHERE set_id = ? AND state <> 'parked' AND due_at <= ?
ORDER BY due_at, stamp, record_id
LIMIT ?;
