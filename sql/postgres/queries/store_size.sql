-- store_size: how many records there are, about.
--
-- Params:  none.
-- Returns: one row: count. Pages as of now, rows a page as of the last ANALYZE; four a page where
--          there was none yet.
SELECT coalesce(sum(
  CASE WHEN c.relpages > 0 AND c.reltuples > 0 THEN c.reltuples / c.relpages ELSE 4 END
  * (pg_relation_size(c.oid) / current_setting('block_size')::bigint)
), 0)::bigint
FROM pg_partition_tree('record') AS t
JOIN pg_class AS c ON c.oid = t.relid
WHERE t.isleaf;
