-- id_uses: what ids stand for already; an intent of this transaction has no stamp yet.
--
-- Params:  array of id.
-- Returns: id, use (record, erased, intent), version stamp.
-- Runs in: the transaction of a commit.
SELECT id, 'record', version, stamp FROM record WHERE id = ANY ($1::uuid[])
UNION ALL
SELECT id, 'erased', version, stamp FROM erasure WHERE id = ANY ($1::uuid[])
UNION ALL
SELECT id, 'intent', 0, intent_stamp FROM natural_key
WHERE id = ANY ($1::uuid[]) AND intent_stamp <> 0;
