-- keep_record_versions: copies current versions into the history.
--
-- Params:  array of id.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
INSERT INTO record_version (record_id, version, stamp, attempt, updated_at, body)
SELECT id, version, stamp, attempt, updated_at, body FROM record WHERE id = ANY ($1::uuid[]);
