-- make_word_sample: counts the words of some records, in one transaction with clear_word_sample.
--
-- Params:  how many records to look at, about; in how many of them a word must be to be kept; how
--          many records there are, about (store_size).
-- Returns: nothing.
-- Uses:    no index. Of a store with fewer records all are looked at, of a larger one some pages
--          throughout, mostly the same ones each time: the newest records alone know nothing of how
--          many hold a word. A store that was looked at whole is as large as that.
WITH share AS MATERIALIZED (
  SELECT CASE
    WHEN (SELECT count(*) FROM (SELECT FROM record LIMIT $1::bigint) AS counted) < $1::bigint
      THEN 100
    ELSE least(100, 100.0 * $1::bigint / greatest($3::bigint, 1))
  END::double precision AS percent
), looked AS MATERIALIZED (
  SELECT r.words, r.word_count
  FROM record AS r TABLESAMPLE SYSTEM ((SELECT percent FROM share)) REPEATABLE (0)
), counted AS (
  INSERT INTO word_sample (word, documents)
  SELECT w.word COLLATE "C", count(*)
  FROM looked AS r CROSS JOIN LATERAL unnest(tsvector_to_array(r.words)) AS w (word)
  GROUP BY 1
  HAVING count(*) >= $2::bigint
)
INSERT INTO word_sample_total (looked_at, store_size, records, mean_words, stamp, made_at)
SELECT
  n.count,
  $3::bigint,
  CASE WHEN s.percent = 100 THEN n.count ELSE greatest(n.count, $3::bigint) END,
  greatest(n.words, 1)::double precision / n.count,
  pg_sequence_last_value('stamp'::regclass),
  now()
FROM (SELECT count(*) AS count, coalesce(sum(word_count), 0) AS words FROM looked) AS n
CROSS JOIN share AS s
WHERE n.count > 0;
