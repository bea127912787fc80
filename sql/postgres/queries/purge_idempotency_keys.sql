-- purge_idempotency_keys: removes expired keys, the oldest first, but for those that others hold.
--
-- Params:  newest created_at that is expired, how many at most.
-- Returns: nothing.
-- Uses:    idempotency_key_by_age.
-- Runs in: the transaction of a commit.
DELETE FROM idempotency_key
WHERE key IN (
  SELECT key FROM idempotency_key
  WHERE created_at <= $1::timestamptz
  ORDER BY created_at, key
  LIMIT $2::bigint
  FOR UPDATE SKIP LOCKED
);
