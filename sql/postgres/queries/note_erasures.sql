-- note_erasures: keeps what stays of erased records.
--
-- Params:  arrays of id kind version stamp attempt erased_at actor why.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
INSERT INTO erasure (id, kind, version, stamp, attempt, erased_at, actor, why)
SELECT u.id, u.kind, u.version, u.stamp, u.attempt, u.erased_at, u.actor, u.why
FROM unnest(
  $1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::uuid[], $6::timestamptz[], $7::text[],
  $8::text[]
) AS u (id, kind, version, stamp, attempt, erased_at, actor, why);
