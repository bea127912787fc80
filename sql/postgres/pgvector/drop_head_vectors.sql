-- drop_head_vectors: removes what the head holds of ids that take_points took.
-- The head goes first: a vector that is on its way to the body is waited for here, and found there
-- by the statement after this one.
-- Who makes a segment known is waited for, or waits until this transaction ends (vector_segments).
-- The row is looked up id by id, whatever a cached plan believed of the tables' sizes.
--
-- Params:  arrays of record_id stamp.
-- Returns: nothing.
-- Uses:    the primary keys.
-- Runs in: the transaction of take_points.
DELETE FROM vector_head WHERE ctid = ANY (ARRAY(
  SELECT (SELECT h.ctid FROM vector_head AS h WHERE h.record_id = u.record_id)
  FROM unnest($1::uuid[], $2::bigint[]) AS u (record_id, stamp)
  WHERE (SELECT pg_advisory_xact_lock_shared(7310868422)) IS NOT NULL AND (
    SELECT p.stamp = u.stamp AND p.xmin = pg_current_xact_id()::xid
    FROM vector_point AS p
    WHERE p.record_id = u.record_id
  )
));
