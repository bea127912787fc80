-- purge_tombstones: forgets tombstones with stamps below a floor.
--
-- Params:  the floor.
-- Returns: nothing.
-- Runs in: a transaction of its own, once an hour.
DELETE FROM vector_point WHERE NOT is_live AND stamp < $1::bigint;
