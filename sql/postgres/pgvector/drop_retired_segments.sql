-- drop_retired_segments: drops the tables of segments whose rows were merged into another long ago.
--
-- Params:  how many seconds ago.
-- Returns: how many.
-- Runs in: a transaction of its own.
SELECT drop_retired_segments($1::bigint);
