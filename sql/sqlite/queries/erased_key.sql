-- erased_key: whether a natural key belonged to an erased record.
--
-- Params:  key_hash.
-- Returns: id; no row when not.
-- Uses:    the primary key.
SELECT id FROM erased_key WHERE key_hash = ?;
