-- free_idempotency_keys: frees keys that a refused request had claimed.
--
-- Params:  array of key.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
DELETE FROM idempotency_key WHERE key = ANY ($1::text[]);
