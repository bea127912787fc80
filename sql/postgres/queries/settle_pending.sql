-- settle_pending: removes rows that nobody has renewed, intents apart.
--
-- Params:  arrays of set_id record_id stamp.
-- Returns: nothing.
--
-- Waits for nobody, as fail_pending: what is left is done again.
WITH picked AS MATERIALIZED (
  SELECT p.set_id, p.record_id
  FROM unnest($1::bigint[], $2::uuid[], $3::bigint[]) AS u (set_id, record_id, stamp)
  JOIN pending_vector AS p ON p.set_id = u.set_id AND p.record_id = u.record_id
  WHERE p.stamp = u.stamp AND p.state <> 'intent'
  FOR UPDATE OF p SKIP LOCKED
)
DELETE FROM pending_vector AS p
USING picked
WHERE p.set_id = picked.set_id AND p.record_id = picked.record_id;
