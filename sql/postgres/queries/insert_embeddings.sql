-- insert_embeddings: stores the vectors of records' current texts.
--
-- Params:  arrays of record_id space stamp text_hash v.
-- Returns: nothing.
-- Runs in: the transaction of a commit. Without unnest, as insert_records.
INSERT INTO embedding (record_id, space, stamp, text_hash, v)
SELECT
  ($1::uuid[])[u.place], ($2::text[])[u.place], ($3::bigint[])[u.place], ($4::bytea[])[u.place],
  ($5::bytea[])[u.place]
FROM (
  SELECT s.place
  FROM generate_series(1, cardinality($1::uuid[])) AS s (place)
  ORDER BY ($1::uuid[])[s.place]
) AS u;
