-- insert_embeddings: stores the vectors of records' current texts.
--
-- Params:  arrays of record_id space stamp text_hash v.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
INSERT INTO embedding (record_id, space, stamp, text_hash, v)
SELECT u.id, u.space, u.stamp, u.text_hash, u.v
FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bytea[], $5::bytea[])
  AS u (id, space, stamp, text_hash, v)
ORDER BY u.id;
