-- lock_intents: the intents that ids stand for.
--
-- Params:  array of id.
-- Returns: id kind key intent_stamp.
-- Uses:    natural_key_of_intent.
-- Runs in: the transaction of a commit.
SELECT id, kind, key, intent_stamp
FROM natural_key
WHERE id = ANY ($1::uuid[]) AND intent_stamp IS NOT NULL
ORDER BY kind, key
FOR UPDATE;
