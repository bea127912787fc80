-- delete_embeddings: removes all vectors of a record.
--
-- Params:  record_id.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
DELETE FROM embedding WHERE record_id = ?;
