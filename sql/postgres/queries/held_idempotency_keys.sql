-- held_idempotency_keys: what keys were used for, and how that stands now.
--
-- Params:  array of key.
-- Returns: key request_hash http_status id version, stamp of the record, stamp of the intent.
-- Uses:    the primary keys, natural_key_of_intent.
-- Runs in: the transaction of a commit.
SELECT c.key, c.request_hash, c.http_status, c.id, c.version, r.stamp, n.intent_stamp
FROM idempotency_key AS c
LEFT JOIN record AS r ON r.id = c.id
LEFT JOIN natural_key AS n ON n.id = c.id AND n.intent_stamp IS NOT NULL
WHERE c.key = ANY ($1::text[]);
