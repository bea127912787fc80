-- probe_write: the least durable write: its commit reaches the disk.
--
-- Params:  a value that differs from the last.
-- Returns: nothing.
INSERT OR REPLACE INTO setting (name, value) VALUES ('probe', ?);
