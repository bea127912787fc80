-- read_record: one record as readers see it.
--
-- Params:  id.
-- Returns: id kind version stamp created_at updated_at body pending_reason vector; no row when
--          there is none.
-- Uses:    the unique id.
SELECT id, kind, version, stamp, created_at, updated_at, body, pending_reason, vector
FROM record_now
WHERE id = ?;
