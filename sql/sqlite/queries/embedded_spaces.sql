-- embedded_spaces: the spaces that a record has a vector in.
--
-- Params:  record_id.
-- Returns: space.
-- Runs in: the transaction of a commit.
SELECT space FROM embedding WHERE record_id = ?;
