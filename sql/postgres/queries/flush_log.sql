-- flush_log: makes the end of this transaction flush all that was logged before, by whomever.
--
-- Params:  none.
-- Returns: nothing of use.
SELECT pg_logical_emit_message(TRUE, 'datastorage', 'flush');
