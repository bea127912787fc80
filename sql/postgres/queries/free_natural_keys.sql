-- free_natural_keys: frees natural keys.
--
-- Params:  arrays of kind key.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
DELETE FROM natural_key AS n
USING unnest($1::text[], $2::text[]) AS u (kind, key)
WHERE n.kind = u.kind AND n.key = u.key;
