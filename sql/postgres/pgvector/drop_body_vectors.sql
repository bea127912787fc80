-- drop_body_vectors: removes what the body holds of ids that take_points took.
-- After drop_head_vectors: a vector may have moved here until then.
-- The rows are looked up id by id, whatever a cached plan believed of the tables' sizes.
--
-- Params:  arrays of record_id stamp.
-- Returns: nothing.
-- Uses:    the primary keys.
-- Runs in: the transaction of take_points.
DELETE FROM vector_body WHERE record_id = ANY (ARRAY(
  SELECT u.record_id
  FROM unnest($1::uuid[], $2::bigint[]) AS u (record_id, stamp)
  WHERE (
    SELECT p.stamp = u.stamp AND p.xmin = pg_current_xact_id()::xid
    FROM vector_point AS p
    WHERE p.record_id = u.record_id
  )
));
