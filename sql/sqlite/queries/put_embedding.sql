-- put_embedding: stores the vector of a record's current text.
--
-- Params:  record_id space stamp text_hash v.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
INSERT INTO embedding (record_id, space, stamp, text_hash, v)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (record_id, space) DO UPDATE
SET stamp = excluded.stamp, text_hash = excluded.text_hash, v = excluded.v;
