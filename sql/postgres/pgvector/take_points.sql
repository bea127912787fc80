-- take_points: raises the stamps that are held of ids, where they are lower. What the other
-- statements of the same transaction write of an id, they write only if this one took it.
--
-- Params:  arrays of record_id stamp is_live, each id once; the set whose mark the tables must bear
--          (0: any).
-- Returns: record_id of what was taken.
-- Uses:    the primary key.
-- Runs in: a transaction of READ COMMITTED that has read the mark.
INSERT INTO vector_point AS p (record_id, stamp, is_live)
SELECT u.record_id, u.stamp, u.is_live
FROM unnest($1::uuid[], $2::bigint[], $3::boolean[]) AS u (record_id, stamp, is_live)
WHERE $4::bigint = 0 OR $4::bigint = (SELECT set_id FROM vector_mark)
ORDER BY u.record_id
ON CONFLICT (record_id) DO UPDATE SET stamp = excluded.stamp, is_live = excluded.is_live
WHERE p.stamp < excluded.stamp
RETURNING p.record_id;
