-- pending_ids: the records whose vector may differ, in one set, and whether it answers searches.
--
-- Params:  set_id, how many at most.
-- Returns: is_live record_id stamp reason; of a set without pending rows one row without an id.
SELECT s.state = 'live', p.record_id, p.stamp, p.reason
FROM vector_set AS s
LEFT JOIN LATERAL (
  SELECT record_id, stamp, reason
  FROM pending_vector
  WHERE set_id = s.set_id
  ORDER BY record_id
  LIMIT $2::bigint
) AS p ON TRUE
WHERE s.set_id = $1::bigint
ORDER BY p.record_id;
