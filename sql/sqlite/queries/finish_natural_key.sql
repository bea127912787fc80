-- finish_natural_key: turns the claim of an intent into that of its record.
--
-- Params:  kind key.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
UPDATE natural_key SET intent_stamp = NULL WHERE kind = ? AND key = ?;
