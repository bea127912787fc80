-- backfill_pending: leaves a due row for every record with a text to embed, under its own stamp.
--
-- Params:  set_id due_at since.
-- Returns: nothing.
INSERT INTO pending_vector (set_id, record_id, stamp, state, due_at, attempts, reason, since)
SELECT ?, id, stamp, 'due', ?, 0, 'backfill', ? FROM record WHERE text_hash IS NOT NULL;
