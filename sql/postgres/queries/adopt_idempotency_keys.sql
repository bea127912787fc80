-- adopt_idempotency_keys: binds claimed keys to records that were there before.
--
-- Params:  arrays of key id version.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
UPDATE idempotency_key AS c
SET http_status = 200, id = u.id, version = u.version
FROM unnest($1::text[], $2::uuid[], $3::bigint[]) AS u (key, id, version)
WHERE c.key = u.key;
