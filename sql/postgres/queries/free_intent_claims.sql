-- free_intent_claims: frees the idempotency keys that intents had claimed.
--
-- Params:  array of id.
-- Returns: nothing.
-- Uses:    idempotency_key_of_intent.
-- Runs in: the transaction of a commit.
DELETE FROM idempotency_key WHERE id = ANY ($1::uuid[]) AND http_status = 0;
