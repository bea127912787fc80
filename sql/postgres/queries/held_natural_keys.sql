-- held_natural_keys: who holds natural keys. Each is looked up by itself: a plan that was made when
-- the tables were small, and is kept, would read all of them for every commit.
--
-- Params:  arrays of kind key.
-- Returns: kind key id intent_stamp, version stamp content_hash of the record.
-- Uses:    the primary keys.
-- Runs in: the transaction of a commit.
SELECT n.kind, n.key, n.id, n.intent_stamp, r.version, r.stamp, r.content_hash
FROM unnest($1::text[], $2::text[]) AS u (kind, key)
CROSS JOIN LATERAL (
  SELECT kind, key, id, intent_stamp FROM natural_key
  WHERE natural_key.kind = u.kind AND natural_key.key = u.key
  OFFSET 0
) AS n
LEFT JOIN LATERAL (
  SELECT version, stamp, content_hash FROM record WHERE record.id = n.id
  OFFSET 0
) AS r ON true;
