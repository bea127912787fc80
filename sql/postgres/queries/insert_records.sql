-- insert_records: stores version 1 of records.
--
-- Params:  arrays of id stamp attempt text_hash now body metadata metadata_scalars (literals)
--          words word_count, then kind content_hash, then one a member column.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
INSERT INTO record (
  id, kind, version, stamp, attempt, content_hash, text_hash, created_at, updated_at,
  body, metadata, metadata_scalars, words, word_count, {columns}
)
SELECT
  u.id, u.kind, 1, u.stamp, u.attempt, u.content_hash, u.text_hash, u.now, u.now,
  u.body::json, u.metadata::jsonb,
  u.scalars::text[],
  u.words::tsvector, u.word_count, {columns_of_u}
FROM unnest(
  $1::uuid[], $2::bigint[], $3::uuid[], $4::bytea[], $5::timestamptz[], $6::text[], $7::text[],
  $8::text[], $9::text[], $10::bigint[], $11::text[], $12::bytea[], {arrays}
) AS u (
  id, stamp, attempt, text_hash, now, body, metadata, scalars, words, word_count,
  kind, content_hash, {columns}
)
ORDER BY u.id;
