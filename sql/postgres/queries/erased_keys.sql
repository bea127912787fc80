-- erased_keys: which natural keys belonged to erased records.
--
-- Params:  array of key_hash.
-- Returns: key_hash id.
-- Uses:    the primary key.
-- Runs in: the transaction of a commit.
SELECT key_hash, id FROM erased_key WHERE key_hash = ANY ($1::bytea[]);
