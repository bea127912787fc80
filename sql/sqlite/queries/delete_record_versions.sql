-- delete_record_versions: removes the history of a record.
--
-- Params:  id.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
DELETE FROM record_version WHERE record_id = ?;
