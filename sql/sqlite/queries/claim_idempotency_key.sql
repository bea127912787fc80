-- claim_idempotency_key: claims a key, or replaces an expired or unfinished claim.
--
-- Params:  key request_hash http_status id version created_at.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
INSERT OR REPLACE INTO idempotency_key (key, request_hash, http_status, id, version, created_at)
VALUES (?, ?, ?, ?, ?, ?);
