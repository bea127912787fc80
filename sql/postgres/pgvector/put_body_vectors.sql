-- put_body_vectors: puts the vectors of ids that take_points took into the body: its segment 0.
--
-- Params:  arrays of record_id stamp vector.
-- Returns: nothing.
-- Uses:    the primary key of vector_point.
-- Runs in: the transaction of take_points, after what was there was dropped.
INSERT INTO vector_body (record_id, v)
SELECT u.record_id, u.v
FROM unnest($1::uuid[], $2::bigint[], $3::halfvec[]) AS u (record_id, stamp, v)
WHERE (
  SELECT p.stamp = u.stamp AND p.xmin = pg_current_xact_id()::xid
  FROM vector_point AS p
  WHERE p.record_id = u.record_id
);
