-- lease_pending: due rows of a set and intents past their lease, the longest waiting first, hidden
-- until their new lease ends.
--
-- Params:  set_id now, how many at most, until when.
-- Returns: set_id record_id stamp is_intent attempts reason.
-- Uses:    pending_vector_due.
--
-- Waits for nobody: what a writer or another lease holds is left out. A row that was leased by
-- another meanwhile is looked at again as it is now, and is not due any more.
WITH picked AS MATERIALIZED (
  SELECT record_id, due_at
  FROM pending_vector
  WHERE set_id = $1::bigint AND state <> 'parked' AND due_at <= $2::timestamptz
  ORDER BY due_at, stamp, record_id
  LIMIT $3::bigint
  FOR UPDATE SKIP LOCKED
), leased AS (
  UPDATE pending_vector AS p
  SET due_at = $4::timestamptz
  FROM picked
  WHERE p.set_id = $1 AND p.record_id = picked.record_id
  RETURNING p.set_id, p.record_id, p.stamp, p.state, p.attempts, p.reason, picked.due_at AS was_due
)
SELECT set_id, record_id, stamp, state = 'intent', attempts, reason
FROM leased
ORDER BY was_due, stamp, record_id;
