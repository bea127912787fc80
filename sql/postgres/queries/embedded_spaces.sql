-- embedded_spaces: the spaces that records have a vector in, and of which text.
--
-- Params:  array of id.
-- Returns: record_id space text_hash.
-- Uses:    the primary key.
-- Runs in: the transaction of a commit.
SELECT record_id, space, text_hash FROM embedding WHERE record_id = ANY ($1::uuid[]);
