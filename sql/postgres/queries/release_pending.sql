-- release_pending: makes the next page of the parked rows of a set due.
--
-- Params:  set_id, the record_id before the page, how many rows, due_at.
-- Returns: how many, and the last record_id of the page; NULL after the last page.
WITH page AS MATERIALIZED (
  SELECT record_id
  FROM pending_vector
  WHERE set_id = $1::bigint AND record_id > $2::uuid AND state = 'parked'
  ORDER BY record_id
  LIMIT $3::bigint
  FOR UPDATE
), released AS (
  UPDATE pending_vector AS p
  SET state = 'due', due_at = $4::timestamptz, attempts = 0
  FROM page
  WHERE p.set_id = $1 AND p.record_id = page.record_id
)
SELECT count(*), (SELECT record_id FROM page ORDER BY record_id DESC LIMIT 1) FROM page;
