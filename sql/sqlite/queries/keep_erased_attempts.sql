-- keep_erased_attempts: keeps which attempts wrote a record that is about to lose its versions.
--
-- Params:  id, twice.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
INSERT INTO erased_attempt (record_id, version, attempt)
SELECT id, version, attempt FROM record WHERE id = ?
UNION ALL
SELECT record_id, version, attempt FROM record_version WHERE record_id = ?;
