-- stored_embedding: the vector of a record's current text in one space.
--
-- Params:  record_id space.
-- Returns: text_hash v; no row when there is none.
SELECT e.text_hash, e.v
FROM embedding AS e
JOIN record AS r ON r.id = e.record_id AND r.text_hash = e.text_hash
WHERE e.record_id = ? AND e.space = ?;
