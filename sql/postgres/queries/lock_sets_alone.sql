-- lock_sets_alone: waits until no commit is under way, and lets none begin until the transaction
-- ends.
--
-- Params:  none.
-- Returns: nothing of use.
-- Runs in: a transaction that changes the list of vector sets, before the statement that reads it.
SELECT pg_advisory_xact_lock(7310868418);
