-- drop_stale_embeddings: removes vectors of any other text than the current one.
--
-- Params:  arrays of id text_hash (NULL: there is no text any more).
-- Returns: nothing.
-- Runs in: the transaction of a commit.
DELETE FROM embedding AS e
USING unnest($1::uuid[], $2::bytea[]) AS u (id, text_hash)
WHERE e.record_id = u.id AND e.text_hash IS DISTINCT FROM u.text_hash;
