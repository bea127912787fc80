-- pending_ids: the records whose vector may differ, in one set, and whether it answers searches.
--
-- Params:  set_id, how many at most.
-- Returns: is_live record_id stamp reason; of a set without pending rows one row without an id.
SELECT s.state = 'live', p.record_id, p.stamp, p.reason
FROM vector_set AS s
LEFT JOIN pending_vector AS p ON p.set_id = s.set_id
WHERE s.set_id = ?
ORDER BY p.record_id
LIMIT ?;
