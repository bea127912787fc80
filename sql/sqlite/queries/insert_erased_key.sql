-- insert_erased_key: keeps the hash of an erased record's natural key.
--
-- Params:  key_hash id.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
INSERT INTO erased_key (key_hash, id) VALUES (?, ?);
