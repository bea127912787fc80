-- fail_pending: counts a failed attempt of rows that nobody has renewed, and makes them due later.
--
-- Params:  arrays of set_id record_id stamp; due_at, reason.
-- Returns: nothing.
--
-- Waits for nobody: a row that a writer holds gets another stamp, as a rule, and otherwise is due
-- again when its lease ends.
WITH picked AS MATERIALIZED (
  SELECT p.set_id, p.record_id
  FROM unnest($1::bigint[], $2::uuid[], $3::bigint[]) AS u (set_id, record_id, stamp)
  JOIN pending_vector AS p ON p.set_id = u.set_id AND p.record_id = u.record_id
  WHERE p.stamp = u.stamp AND p.state = 'due'
  FOR UPDATE OF p SKIP LOCKED
)
UPDATE pending_vector AS p
SET attempts = p.attempts + 1, due_at = $4::timestamptz, reason = $5::text
FROM picked
WHERE p.set_id = picked.set_id AND p.record_id = picked.record_id;
