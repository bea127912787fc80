-- insert_setting: keeps a value; the first one stays.
--
-- Params:  name value.
-- Returns: nothing.
INSERT OR IGNORE INTO setting (name, value) VALUES (?, ?);
