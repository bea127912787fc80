-- held_points: the stamps that are held of ids.
--
-- Params:  array of record_id.
-- Returns: record_id stamp.
-- Uses:    the primary key.
-- Runs in: the transaction of take_points, after it.
SELECT record_id, stamp FROM vector_point WHERE record_id = ANY ($1::uuid[]);
