-- keep_record_version: copies the current version into the history.
--
-- Params:  no.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
INSERT INTO record_version (record_id, version, stamp, attempt, updated_at, body)
SELECT id, version, stamp, attempt, updated_at, body FROM record WHERE no = ?;
