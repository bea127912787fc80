-- scan_embeddings: a page of vectors with the records they belong to, by id.
--
-- Params:  space record_id (after it), how many at most.
-- Returns: id kind version stamp created_at updated_at body of the record, NULL and 'none', v.
-- Uses:    the primary keys, in their order. OFFSET keeps the records from being joined as a whole:
--          the planner believes that equal hashes are rare.
SELECT r.id, r.kind, r.version, r.stamp, r.created_at, r.updated_at, r.body, NULL, 'none', e.v
FROM embedding AS e
CROSS JOIN LATERAL (
  SELECT id, kind, version, stamp, created_at, updated_at, body
  FROM record
  WHERE id = e.record_id AND text_hash = e.text_hash
  OFFSET 0
) AS r
WHERE e.space = $1::text AND e.record_id > $2::uuid
ORDER BY e.record_id
LIMIT $3::bigint;
