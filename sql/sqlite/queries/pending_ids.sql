-- pending_ids: the records whose vector may differ, in one set.
--
-- Params:  set_id, how many at most.
-- Returns: record_id stamp.
SELECT record_id, stamp FROM pending_vector WHERE set_id = ? ORDER BY record_id LIMIT ?;
