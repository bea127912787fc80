-- settle_attempts: what attempts wrote of records.
--
-- Params:  arrays of id attempt.
-- Returns: the attempt's place in the arrays, from 1; version, stamp (the record's now); no row
--          where it wrote nothing.
-- Uses:    the primary keys.
SELECT u.place, found.version, found.stamp
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS u (id, attempt, place)
CROSS JOIN LATERAL (
  SELECT r.version, r.stamp FROM record AS r WHERE r.id = u.id AND r.attempt = u.attempt
  UNION ALL
  SELECT v.version, r.stamp
  FROM record_version AS v
  JOIN record AS r ON r.id = v.record_id
  WHERE v.record_id = u.id AND v.attempt = u.attempt
  UNION ALL
  SELECT e.version, e.stamp FROM erasure AS e WHERE e.id = u.id AND e.attempt = u.attempt
  UNION ALL
  SELECT a.version, e.stamp
  FROM erased_attempt AS a
  JOIN erasure AS e ON e.id = a.record_id
  WHERE a.record_id = u.id AND a.attempt = u.attempt
) AS found;
