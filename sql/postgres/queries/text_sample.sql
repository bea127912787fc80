-- text_sample: what the newest records, and the size of the store, say of the words of a search.
--
-- Params:  array of tsqueries as texts, how many records at most.
-- Returns: a row for each tsquery, in order: how many records there were, how many words in them,
--          how many records the whole store has about, how many of those looked at match.
-- Uses:    record_by_created_at. Pages are counted now, rows a page when the table was analyzed
--          last; four where it never was.
WITH newest AS MATERIALIZED (
  SELECT words, word_count FROM record ORDER BY created_at DESC, id DESC LIMIT $2::bigint
)
SELECT
  (SELECT count(*) FROM newest),
  (SELECT coalesce(sum(word_count), 0)::bigint FROM newest),
  (
    SELECT coalesce(sum(
      CASE WHEN c.relpages > 0 AND c.reltuples > 0 THEN c.reltuples / c.relpages ELSE 4 END
      * (pg_relation_size(c.oid) / current_setting('block_size')::bigint)
    ), 0)::bigint
    FROM pg_partition_tree('record') AS t
    JOIN pg_class AS c ON c.oid = t.relid
    WHERE t.isleaf
  ),
  (SELECT count(*) FROM newest AS n WHERE n.words @@ q.query)
FROM unnest($1::text[]::tsquery[]) WITH ORDINALITY AS q (query, place)
ORDER BY q.place;
