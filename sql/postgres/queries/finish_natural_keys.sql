-- finish_natural_keys: gives the claims of intents their stamp, or (NULL) turns them into those of
-- records.
--
-- Params:  arrays of kind key intent_stamp.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
UPDATE natural_key AS n
SET intent_stamp = u.intent_stamp
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS u (kind, key, intent_stamp)
WHERE n.kind = u.kind AND n.key = u.key;
