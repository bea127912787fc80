-- idempotency_key: what an idempotency key was used for.
--
-- Params:  key.
-- Returns: request_hash http_status id version created_at; no row when it is free.
-- Uses:    the primary key.
-- Runs in: the transaction of a commit.
SELECT request_hash, http_status, id, version, created_at FROM idempotency_key WHERE key = ?;
