-- insert_natural_key: claims a natural key.
--
-- Params:  kind key id intent_stamp (NULL: for a record).
-- Returns: nothing.
-- Runs in: the transaction of a commit.
INSERT INTO natural_key (kind, key, id, intent_stamp) VALUES (?, ?, ?, ?);
