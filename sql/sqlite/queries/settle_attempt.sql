-- settle_attempt: what an attempt wrote of a record.
--
-- Params:  id and attempt, four times.
-- Returns: version stamp (the record's now); no row when it wrote nothing.
-- Uses:    the unique ids.
SELECT version, stamp FROM record WHERE id = ? AND attempt = ?
UNION ALL
SELECT v.version, r.stamp
FROM record_version AS v
JOIN record AS r ON r.id = v.record_id
WHERE v.record_id = ? AND v.attempt = ?
UNION ALL
SELECT version, stamp FROM erasure WHERE id = ? AND attempt = ?
UNION ALL
SELECT a.version, e.stamp
FROM erased_attempt AS a
JOIN erasure AS e ON e.id = a.record_id
WHERE a.record_id = ? AND a.attempt = ?;
