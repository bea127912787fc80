-- record_history: every version of a record, newest first.
--
-- Params:  id.
-- Returns: id kind version stamp created_at updated_at body, then NULL and 'none' for the vector;
--          of an erased record one row without a body.
-- Uses:    the primary keys.
SELECT id, kind, version, stamp, created_at, updated_at, body, NULL, 'none'
FROM record
WHERE id = $1::uuid
UNION ALL
SELECT r.id, r.kind, v.version, v.stamp, r.created_at, v.updated_at, v.body, NULL, 'none'
FROM record_version AS v
JOIN record AS r ON r.id = v.record_id
WHERE v.record_id = $1::uuid
UNION ALL
SELECT id, kind, version, stamp, erased_at, erased_at, NULL, NULL, 'none'
FROM erasure
WHERE id = $1::uuid
ORDER BY 3 DESC;
