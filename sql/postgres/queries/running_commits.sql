-- running_commits: the transactions that hold the lock of commits.
--
-- Params:  none.
-- Returns: one text each, never used again for another transaction.
SELECT concat_ws(' ', pid, virtualtransaction)
FROM pg_locks
WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted AND objsubid = 1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (classid::bigint << 32 | objid::bigint) = 7310868418;
