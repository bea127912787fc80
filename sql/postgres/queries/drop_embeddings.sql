-- drop_embeddings: removes vectors that others take the place of.
--
-- Params:  arrays of id space.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
DELETE FROM embedding AS e
USING unnest($1::uuid[], $2::text[]) AS u (id, space)
WHERE e.record_id = u.id AND e.space = u.space;
