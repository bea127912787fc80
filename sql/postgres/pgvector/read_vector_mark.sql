-- read_vector_mark: whose the tables are, and what a caller must know to use them.
--
-- Params:  none.
-- Returns: set_id (NULL: nobody's) is_head_full, the type of an array's elements, about how many
--          rows the body has (nine a page, dead ones too), and its segments, rising, as "0,3,7".
-- Runs in: the transaction of what uses the tables, first: they stay that set's until its end. Who
--          is just making a segment known is waited for (vector_segments).
SELECT
  (SELECT set_id FROM vector_mark),
  coalesce((SELECT is_head_full FROM vector_mark), false),
  to_regtype('halfvec')::oid::bigint,
  pg_relation_size('vector_body_0') / (8192 / 9)
    + (SELECT coalesce(sum(row_count), 0) FROM vector_segment WHERE retired_at IS NULL)::bigint,
  (SELECT concat_ws(',', 0, string_agg(segment::text, ',' ORDER BY segment))
    FROM vector_segment WHERE retired_at IS NULL),
  CASE WHEN pg_advisory_lock_shared(7310868423) IS NOT NULL
    THEN pg_advisory_unlock_shared(7310868423) END;
