-- delete_stale_embeddings: removes vectors of any other text than the current one.
--
-- Params:  record_id, text_hash (NULL: there is no text any more).
-- Returns: nothing.
-- Runs in: the transaction of a commit.
DELETE FROM embedding WHERE record_id = ? AND text_hash IS NOT ?;
