-- raise_record_stamps: gives records later stamps; neither version nor time changes.
--
-- Params:  arrays of id stamp.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
UPDATE record AS r SET stamp = u.stamp
FROM unnest($1::uuid[], $2::bigint[]) AS u (id, stamp)
WHERE r.id = u.id;
