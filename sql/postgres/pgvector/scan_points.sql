-- scan_points: what is held, by id. A live point whose vector is lost counts as a tombstone.
--
-- Params:  the id to begin after, how many, whether vectors are wanted.
-- Returns: record_id stamp has_vector vector.
-- Uses:    the primary keys.
-- Runs in: a snapshot of its own.
SELECT
  p.record_id,
  p.stamp,
  h.record_id IS NOT NULL OR b.record_id IS NOT NULL,
  CASE WHEN $3::boolean THEN coalesce(h.v, b.v) END
FROM vector_point AS p
LEFT JOIN vector_head AS h ON h.record_id = p.record_id
LEFT JOIN vector_body AS b ON b.record_id = p.record_id
WHERE p.record_id > $1::uuid
ORDER BY p.record_id
LIMIT $2::bigint;
