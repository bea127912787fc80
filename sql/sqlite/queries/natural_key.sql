-- natural_key: who holds a natural key.
--
-- Params:  kind key.
-- Returns: id intent_stamp; no row when it is free.
-- Uses:    the primary key.
SELECT id, intent_stamp FROM natural_key WHERE kind = ? AND key = ?;
