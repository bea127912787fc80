-- scan_ids: a page of records and pending rows of one set, by id.
--
-- Params:  set_id, id (after it), how many at most.
-- Returns: id record_stamp has_text has_embedding pending_stamp.
-- Uses:    the primary keys, in their order.
WITH page AS MATERIALIZED (
  (SELECT id FROM record WHERE id > $2::uuid ORDER BY id LIMIT $3::bigint)
  UNION
  (
    SELECT record_id
    FROM pending_vector
    WHERE set_id = $1::bigint AND record_id > $2::uuid
    ORDER BY record_id
    LIMIT $3::bigint
  )
  ORDER BY id
  LIMIT $3::bigint
)
SELECT
  page.id,
  r.stamp,
  r.text_hash IS NOT NULL,
  EXISTS (
    SELECT
    FROM vector_set AS s
    JOIN embedding AS e ON e.record_id = r.id AND e.space = s.space AND e.text_hash = r.text_hash
    WHERE s.set_id = $1::bigint
    OFFSET 0
  ),
  p.stamp
FROM page
LEFT JOIN LATERAL (SELECT id, stamp, text_hash FROM record WHERE id = page.id LIMIT 1) AS r ON TRUE
LEFT JOIN LATERAL (
  SELECT stamp FROM pending_vector WHERE set_id = $1::bigint AND record_id = page.id LIMIT 1
) AS p ON TRUE
ORDER BY page.id;
