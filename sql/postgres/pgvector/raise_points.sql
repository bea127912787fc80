-- raise_points: raises the stamps of live points whose vectors stay.
--
-- Params:  arrays of record_id stamp.
-- Returns: nothing.
-- Uses:    the primary key.
-- Runs in: the transaction that raises the records' stamps.
INSERT INTO vector_point AS p (record_id, stamp, is_live)
SELECT u.record_id, u.stamp, true
FROM unnest($1::uuid[], $2::bigint[]) AS u (record_id, stamp)
WHERE (SELECT held.is_live FROM vector_point AS held WHERE held.record_id = u.record_id)
ORDER BY u.record_id
ON CONFLICT (record_id) DO UPDATE SET stamp = excluded.stamp
WHERE p.stamp < excluded.stamp AND p.is_live;
