-- claim_idempotency_keys: claims the keys that are free or whose time is over; waits for whoever is
-- claiming one of them. What is not returned is held by another request.
--
-- Params:  arrays of key request_hash http_status id version created_at; the lifetime in
--          microseconds.
-- Returns: key.
-- Runs in: the transaction of a commit.
INSERT INTO idempotency_key AS held (key, request_hash, http_status, id, version, created_at)
SELECT u.key, u.request_hash, u.http_status, u.id, u.version, u.created_at
FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::uuid[], $5::bigint[], $6::timestamptz[])
  AS u (key, request_hash, http_status, id, version, created_at)
ORDER BY u.key COLLATE "C"
ON CONFLICT (key) DO UPDATE
SET request_hash = excluded.request_hash, http_status = excluded.http_status, id = excluded.id,
  version = excluded.version, created_at = excluded.created_at
WHERE held.created_at + make_interval(secs => $7::bigint / 1000000.0) <= excluded.created_at
RETURNING held.key;
