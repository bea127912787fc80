-- lock_ids: one at a time may leave a pending row for an id that is no record's.
--
-- Params:  array of id.
-- Returns: nothing of use.
-- Runs in: the transaction of a commit.
SELECT pg_advisory_xact_lock(hashtextextended(ordered.id::text, 0))
FROM (SELECT id FROM unnest($1::uuid[]) AS u (id) ORDER BY id) AS ordered;
