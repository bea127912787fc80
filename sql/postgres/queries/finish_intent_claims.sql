-- finish_intent_claims: turns the idempotency claims of intents into those of their records.
--
-- Params:  array of id.
-- Returns: nothing.
-- Uses:    idempotency_key_of_intent.
-- Runs in: the transaction of a commit.
UPDATE idempotency_key SET http_status = 201, version = 1
WHERE id = ANY ($1::uuid[]) AND http_status = 0;
