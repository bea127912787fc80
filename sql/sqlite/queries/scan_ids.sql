-- scan_ids: a page of records and pending rows of one set, by id.
--
-- Params:  set_id, set_id, id (after it), set_id, id again, how many at most.
-- Returns: id record_stamp has_text has_embedding pending_stamp.
-- Uses:    the unique id of record, and the primary keys.
SELECT
  r.id AS id,
  r.stamp AS record_stamp,
  r.text_hash IS NOT NULL AS has_text,
  EXISTS (
    SELECT 1
    FROM vector_set AS s
    JOIN embedding AS e ON e.record_id = r.id AND e.space = s.space AND e.text_hash = r.text_hash
    WHERE s.set_id = ?
  ) AS has_embedding,
  p.stamp AS pending_stamp
FROM record AS r
LEFT JOIN pending_vector AS p ON p.set_id = ? AND p.record_id = r.id
WHERE r.id > ?
UNION ALL
SELECT p.record_id, NULL, 0, 0, p.stamp
FROM pending_vector AS p
WHERE p.set_id = ? AND p.record_id > ? AND NOT EXISTS (
    SELECT 1 FROM record AS r WHERE r.id = p.record_id
  )
ORDER BY 1
LIMIT ?;
