-- count_records: how many records match, counting no further than a cap.
--
-- Params:  those of the filter, then the cap.
-- Returns: one row: the count.
SELECT count(*) FROM (SELECT 1 FROM record_now AS r WHERE {filter} LIMIT ?);
