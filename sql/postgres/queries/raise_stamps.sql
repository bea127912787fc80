-- raise_stamps: lets the sequence go on above a stamp, unless it is there already.
--
-- Params:  the stamp.
-- Returns: the highest stamp that may have been drawn before; what the sequence is at now.
-- Runs in: a transaction that holds lock_sets_alone: nobody may draw between look and change. It is
--          logged even where nothing changes, so that COMMIT flushes it.
SELECT highest, setval('stamp', greatest(highest, $1::bigint))
FROM (
  SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END AS highest FROM stamp OFFSET 0
) AS s;
