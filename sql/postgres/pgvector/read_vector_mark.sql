-- read_vector_mark: whose the tables are, and what a caller must know to use them.
--
-- Params:  none.
-- Returns: set_id (NULL: nobody's) is_head_full, the type of an array's elements, and the bytes of
--          the body.
-- Runs in: the transaction of what uses the tables, first: they stay that set's until its end.
SELECT
  (SELECT set_id FROM vector_mark),
  coalesce((SELECT is_head_full FROM vector_mark), false),
  to_regtype('halfvec')::oid::bigint,
  pg_relation_size('vector_body');
