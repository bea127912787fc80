-- exact_nearest: the vectors of the records that match.
--
-- Params:  space, then those of the filter.
-- Returns: id stamp v.
SELECT r.id, r.stamp, e.v
FROM embedding AS e
JOIN record_now AS r ON r.id = e.record_id AND r.text_hash = e.text_hash
WHERE e.space = ? AND ({filter});
