-- free_intent_claims: frees the idempotency keys that an intent had claimed.
--
-- Params:  id.
-- Returns: nothing.
-- Uses:    idempotency_key_of_intent.
-- Runs in: the transaction of a commit.
DELETE FROM idempotency_key WHERE id = ? AND http_status = 0;
