-- keep_erased_keys: keeps the hashes of erased records' natural keys.
--
-- Params:  arrays of key_hash id.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
INSERT INTO erased_key (key_hash, id)
SELECT u.key_hash, u.id FROM unnest($1::bytea[], $2::uuid[]) AS u (key_hash, id);
