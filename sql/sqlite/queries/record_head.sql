-- record_head: what a write must know of a record.
--
-- Params:  id.
-- Returns: no kind version stamp content_hash text_hash; no row when there is none.
-- Uses:    the unique id.
-- Runs in: the transaction of a commit.
SELECT no, kind, version, stamp, content_hash, text_hash FROM record WHERE id = ?;
