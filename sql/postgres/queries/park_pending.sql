-- park_pending: takes rows that nobody has renewed out of leasing until they are released.
--
-- Params:  arrays of set_id record_id stamp.
-- Returns: nothing.
--
-- Waits for nobody, as fail_pending.
WITH picked AS MATERIALIZED (
  SELECT p.set_id, p.record_id
  FROM unnest($1::bigint[], $2::uuid[], $3::bigint[]) AS u (set_id, record_id, stamp)
  JOIN pending_vector AS p ON p.set_id = u.set_id AND p.record_id = u.record_id
  WHERE p.stamp = u.stamp AND p.state = 'due'
  FOR UPDATE OF p SKIP LOCKED
)
UPDATE pending_vector AS p
SET state = 'parked'
FROM picked
WHERE p.set_id = picked.set_id AND p.record_id = picked.record_id;
