-- purge_idempotency_keys: removes expired keys, the oldest first.
--
-- Params:  newest created_at that is expired, how many at most.
-- Returns: nothing.
-- Uses:    idempotency_key_by_age.
-- Runs in: the transaction of a commit.
DELETE FROM idempotency_key
WHERE key IN (
  SELECT key FROM idempotency_key WHERE created_at <= ? ORDER BY created_at, key LIMIT ?
);
