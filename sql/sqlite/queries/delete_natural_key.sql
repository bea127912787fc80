-- delete_natural_key: frees a natural key.
--
-- Params:  kind key.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
DELETE FROM natural_key WHERE kind = ? AND key = ?;
