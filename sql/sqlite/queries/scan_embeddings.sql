-- scan_embeddings: a page of vectors with the records they belong to, by id.
--
-- Params:  record_id (after it) space, how many at most.
-- Returns: as read_record, then v.
SELECT r.id, r.kind, r.version, r.stamp, r.created_at, r.updated_at, r.body, NULL, 'none', e.v
FROM embedding AS e
JOIN record AS r ON r.id = e.record_id AND r.text_hash = e.text_hash
WHERE e.record_id > ? AND e.space = ?
ORDER BY e.record_id
LIMIT ?;
