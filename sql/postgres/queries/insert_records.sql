-- insert_records: stores version 1 of records of one kind. Prepared once for each kind, with the
-- columns that it has.
--
-- Params:  arrays of id stamp attempt text_hash now body metadata metadata_scalars (literals)
--          words word_count, then the kind and an array of content_hash, then one a member column.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
--
-- An unnest of so many arrays would copy every value into a store of its own and out again.
INSERT INTO record (
  id, kind, version, stamp, attempt, content_hash, text_hash, created_at, updated_at,
  body, metadata, metadata_scalars, words, word_count, {columns}
)
SELECT
  ($1::uuid[])[u.place], $11::text, 1, ($2::bigint[])[u.place], ($3::uuid[])[u.place],
  ($12::bytea[])[u.place], ($4::bytea[])[u.place], ($5::timestamptz[])[u.place],
  ($5::timestamptz[])[u.place], ($6::text[])[u.place]::json, ($7::text[])[u.place]::jsonb,
  ($8::text[])[u.place]::text[], ($9::text[])[u.place]::tsvector, ($10::bigint[])[u.place],
  {elements}
FROM (
  SELECT s.place
  FROM generate_series(1, cardinality($1::uuid[])) AS s (place)
  ORDER BY ($1::uuid[])[s.place]
) AS u;
