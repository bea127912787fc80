-- held_natural_keys: who holds natural keys.
--
-- Params:  arrays of kind key.
-- Returns: kind key id intent_stamp, version stamp content_hash of the record.
-- Uses:    the primary keys.
-- Runs in: the transaction of a commit.
SELECT n.kind, n.key, n.id, n.intent_stamp, r.version, r.stamp, r.content_hash
FROM unnest($1::text[], $2::text[]) AS u (kind, key)
JOIN natural_key AS n ON n.kind = u.kind AND n.key = u.key
LEFT JOIN record AS r ON r.id = n.id;
