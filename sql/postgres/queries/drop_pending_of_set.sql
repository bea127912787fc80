-- drop_pending_of_set: removes the next page of the pending rows of a set that was retired.
--
-- Params:  set_id, the record_id before the page, how many rows.
-- Returns: the last record_id of the page; no row after the last page.
WITH page AS MATERIALIZED (
  SELECT record_id
  FROM pending_vector
  WHERE set_id = $1::bigint AND record_id > $2::uuid
  ORDER BY record_id
  LIMIT $3::bigint
  FOR UPDATE
), dropped AS (
  DELETE FROM pending_vector AS p USING page
  WHERE p.set_id = $1 AND p.record_id = page.record_id
)
SELECT record_id FROM page ORDER BY record_id DESC LIMIT 1;
