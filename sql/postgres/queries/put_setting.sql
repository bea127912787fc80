-- put_setting: keeps a value in place of the one before.
--
-- Params:  name value.
-- Returns: nothing.
INSERT INTO setting (name, value) VALUES ($1::text, $2::bytea)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;
