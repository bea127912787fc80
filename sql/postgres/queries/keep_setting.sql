-- keep_setting: keeps a value; the first one stays.
--
-- Params:  name value.
-- Returns: nothing.
INSERT INTO setting (name, value) VALUES ($1::text, $2::bytea) ON CONFLICT (name) DO NOTHING;
