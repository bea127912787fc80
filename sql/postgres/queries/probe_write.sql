-- probe_write: the least durable write: its commit reaches the disk.
--
-- Params:  a value that differs from the last.
-- Returns: nothing.
-- Uses:    the primary key.
INSERT INTO setting (name, value) VALUES ('probe', $1::bytea)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;
