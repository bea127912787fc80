-- text_statistics: what the last count of words says of all records.
--
-- Params:  a number of records.
-- Returns: one row: looked_at records mean_words (NULL before the first count), whether there are
--          fewer records than that number now.
SELECT
  t.looked_at,
  t.records,
  t.mean_words,
  (SELECT count(*) FROM (SELECT FROM record LIMIT $1::bigint) AS counted) < $1::bigint
FROM (SELECT) AS one
LEFT JOIN word_sample_total AS t ON TRUE;
