-- put_pending: leaves pending rows; an existing one keeps the later stamp, and since when.
--
-- Params:  arrays of set_id record_id stamp state due_at attempts reason since.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
INSERT INTO pending_vector AS p
  (set_id, record_id, stamp, state, due_at, attempts, reason, since)
SELECT u.set_id, u.record_id, u.stamp, u.state, u.due_at, u.attempts, u.reason, u.since
FROM unnest(
  $1::bigint[], $2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[], $6::bigint[], $7::text[],
  $8::timestamptz[]
) AS u (set_id, record_id, stamp, state, due_at, attempts, reason, since)
ORDER BY u.record_id, u.set_id
ON CONFLICT (set_id, record_id) DO UPDATE
SET stamp = greatest(p.stamp, excluded.stamp), state = excluded.state, due_at = excluded.due_at,
  attempts = excluded.attempts, reason = excluded.reason;
