-- read_segment: vectors of one segment of the body, by id.
--
-- Params:  the segment's number, the id to begin after, how many.
-- Returns: record_id vector.
-- Uses:    the primary key of the segment's table.
-- Runs in: a snapshot that has read the mark.
SELECT record_id, v
FROM vector_body
WHERE segment = $1::bigint::integer AND record_id > $2::uuid
ORDER BY record_id
LIMIT $3::bigint;
