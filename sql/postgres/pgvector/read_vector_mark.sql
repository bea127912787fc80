-- read_vector_mark: whose the tables are, and what a caller must know to use them.
--
-- Params:  none.
-- Returns: set_id (NULL: nobody's) is_head_full, the type of an array's elements, and the body's
--          segments, rising, each with about how many rows it has, dead ones too, and with what was
--          drawn when it was built, as "0:17:0,3:8192:40013".
-- Runs in: the transaction of what uses the tables, first: they stay that set's until its end. Who
--          is just making a segment known is waited for (vector_segments).
SELECT
  (SELECT set_id FROM vector_mark),
  coalesce((SELECT is_head_full FROM vector_mark), false),
  to_regtype('halfvec')::oid::bigint,
  (SELECT string_agg(concat_ws(':', segment, row_count, made), ',' ORDER BY segment)
    FROM (
      -- Nine rows a page.
      SELECT 0 AS segment, pg_relation_size('vector_body_0') / (8192 / 9) AS row_count, 0 AS made
      UNION ALL
      SELECT segment, row_count, made FROM vector_segment WHERE retired_at IS NULL
    ) AS live),
  CASE WHEN pg_advisory_lock_shared(7310868423) IS NOT NULL
    THEN pg_advisory_unlock_shared(7310868423) END;
