-- delete_record: removes the current version, after everything that refers to it.
--
-- Params:  no.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
DELETE FROM record WHERE no = ?;
