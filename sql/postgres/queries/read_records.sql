-- read_records: records as readers see them, by id or by natural key.
--
-- Params:  arrays of id, kind, key, key_hash: an id or the other three, the rest NULL; the space
--          of the embedding that is wanted too, or NULL.
-- Returns: one row each: id kind version stamp created_at updated_at body pending_reason vector of
--          the record, NULL when there is none; the place in the arrays, from 1; the id that was
--          meant, if any; whether that one was erased; text_hash v of the embedding, or NULL.
-- Uses:    the primary keys. LIMIT and OFFSET keep the parts apart, so that each is looked up name
--          by name, whatever the planner believes of the sizes.
SELECT
  r.id, r.kind, r.version, r.stamp, r.created_at, r.updated_at, r.body, r.pending_reason, r.vector,
  u.place,
  named.id,
  r.id IS NULL AND EXISTS (SELECT FROM erasure AS x WHERE x.id = named.id OFFSET 0),
  e.text_hash,
  e.v
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[])
  WITH ORDINALITY AS u (id, kind, key, key_hash, place)
CROSS JOIN LATERAL (
  SELECT coalesce(
    u.id,
    (SELECT n.id FROM natural_key AS n WHERE n.kind = u.kind AND n.key = u.key),
    (SELECT k.id FROM erased_key AS k WHERE k.key_hash = u.key_hash)
  ) AS id
  OFFSET 0
) AS named
LEFT JOIN LATERAL (
  SELECT
    id, kind, version, stamp, created_at, updated_at, body, pending_reason, vector, text_hash
  FROM record_now
  WHERE id = named.id
  LIMIT 1
) AS r ON TRUE
LEFT JOIN LATERAL (
  SELECT text_hash, v
  FROM embedding
  WHERE record_id = r.id AND space = $5::text AND text_hash = r.text_hash
  LIMIT 1
) AS e ON TRUE;
