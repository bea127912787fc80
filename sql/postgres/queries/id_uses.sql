-- id_uses: what ids stand for already; an intent of this transaction has no stamp yet. Each is
-- looked up by itself, as in held_natural_keys.
--
-- Params:  array of id.
-- Returns: id, use (record, erased, intent), version stamp.
-- Uses:    the primary keys, natural_key_of_intent.
-- Runs in: the transaction of a commit.
SELECT u.id, used.what, used.version, used.stamp
FROM unnest($1::uuid[]) AS u (id)
CROSS JOIN LATERAL (
  SELECT 'record' AS what, version, stamp FROM record WHERE record.id = u.id
  UNION ALL
  SELECT 'erased', version, stamp FROM erasure WHERE erasure.id = u.id
  UNION ALL
  SELECT 'intent', 0, intent_stamp FROM natural_key
  WHERE natural_key.id = u.id AND intent_stamp <> 0
  OFFSET 0
) AS used;
