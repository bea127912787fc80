-- make_word_sample: counts the words of the newest records, in one transaction with
-- clear_word_sample.
--
-- Params:  how many records to look at, in how many of them a word must be to be kept.
-- Returns: nothing.
-- Uses:    record_by_created_at. A store that was looked at whole is as large as that.
WITH newest AS MATERIALIZED (
  SELECT words, word_count FROM record ORDER BY created_at DESC, id DESC LIMIT $1::bigint
), counted AS (
  INSERT INTO word_sample (word, documents)
  SELECT w.word COLLATE "C", count(*)
  FROM newest AS r CROSS JOIN LATERAL unnest(tsvector_to_array(r.words)) AS w (word)
  GROUP BY 1
  HAVING count(*) >= $2::bigint
), size AS (
  SELECT coalesce(sum(
    CASE WHEN c.relpages > 0 AND c.reltuples > 0 THEN c.reltuples / c.relpages ELSE 4 END
    * (pg_relation_size(c.oid) / current_setting('block_size')::bigint)
  ), 0)::bigint AS estimate
  FROM pg_partition_tree('record') AS t
  JOIN pg_class AS c ON c.oid = t.relid
  WHERE t.isleaf
)
INSERT INTO word_sample_total (looked_at, store_size, records, mean_words, stamp, made_at)
SELECT
  n.count,
  s.estimate,
  CASE WHEN n.count < $1::bigint THEN n.count ELSE greatest(n.count, s.estimate) END,
  greatest(n.words, 1)::double precision / n.count,
  pg_sequence_last_value('stamp'::regclass),
  now()
FROM (SELECT count(*) AS count, coalesce(sum(word_count), 0) AS words FROM newest) AS n
CROSS JOIN size AS s
WHERE n.count > 0;
