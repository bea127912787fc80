-- id_use: what an id stands for already.
--
-- Params:  id, three times.
-- Returns: use (record, erased, intent) version stamp; no row when it is free.
-- Runs in: the transaction of a commit.
SELECT 'record', version, stamp FROM record WHERE id = ?
UNION ALL
SELECT 'erased', version, stamp FROM erasure WHERE id = ?
UNION ALL
SELECT 'intent', 0, intent_stamp FROM natural_key WHERE id = ? AND intent_stamp IS NOT NULL;
