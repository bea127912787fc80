-- claim_natural_keys: claims the keys that are free; waits for whoever is claiming one of them.
--
-- Params:  arrays of kind key id intent_stamp (0: of an intent, its stamp follows).
-- Returns: kind key of those that were free.
-- Runs in: the transaction of a commit.
INSERT INTO natural_key (kind, key, id, intent_stamp)
SELECT u.kind, u.key, u.id, u.intent_stamp
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::bigint[]) AS u (kind, key, id, intent_stamp)
ORDER BY u.kind COLLATE "C", u.key COLLATE "C"
ON CONFLICT DO NOTHING
RETURNING kind, key;
