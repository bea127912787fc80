-- update_records: replaces records by their next versions. content_hash stays that of version 1.
--
-- Params:  arrays of id stamp attempt text_hash now body metadata metadata_scalars (literals)
--          words word_count, then one a member column.
-- Returns: nothing.
-- Uses:    the primary key.
-- Runs in: the transaction of a commit.
UPDATE record AS r
SET (
  version, stamp, attempt, text_hash, updated_at, body, metadata, metadata_scalars, words,
  word_count, {columns}
) = (
  r.version + 1, u.stamp, u.attempt, u.text_hash, u.now, u.body::json, u.metadata::jsonb,
  u.scalars::text[],
  u.words::tsvector, u.word_count, {columns_of_u}
)
FROM unnest(
  $1::uuid[], $2::bigint[], $3::uuid[], $4::bytea[], $5::timestamptz[], $6::text[], $7::text[],
  $8::text[], $9::text[], $10::bigint[], {arrays}
) AS u (
  id, stamp, attempt, text_hash, now, body, metadata, scalars, words, word_count, {columns}
)
WHERE r.id = u.id;
