-- record_history: every version of a record, newest first.
--
-- Params:  id, twice.
-- Returns: as read_record, without the vector's state.
SELECT id, kind, version, stamp, created_at, updated_at, body, NULL, 'none'
FROM record
WHERE id = ?
UNION ALL
SELECT r.id, r.kind, v.version, v.stamp, r.created_at, v.updated_at, v.body, NULL, 'none'
FROM record_version AS v
JOIN record AS r ON r.id = v.record_id
WHERE v.record_id = ?
ORDER BY 3 DESC;
