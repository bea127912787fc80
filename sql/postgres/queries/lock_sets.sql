-- lock_sets: keeps the list of vector sets as it is until the transaction ends.
--
-- Params:  none.
-- Returns: nothing of use.
-- Runs in: the transaction of a commit; RegisterSet takes the same lock for itself alone.
SELECT pg_advisory_xact_lock_shared(7310868418);
