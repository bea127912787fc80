-- merge_segments: makes one segment of several that are about as large as each other.
--
-- Params:  the rows of a segment as it is built, how many make one, how many rows it may have.
-- Returns: how many rows it has; 0: there was nothing to merge, or another merges.
-- Runs in: a transaction of its own, whose loss is harmless.
SELECT merge_segments($1::bigint, $2::bigint::integer, $3::bigint);
