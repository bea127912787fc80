-- raise_record_stamp: gives a record a later stamp; neither version nor time changes.
--
-- Params:  stamp id.
-- Returns: nothing.
-- Uses:    the unique id.
-- Runs in: the transaction of a commit.
UPDATE record SET stamp = ? WHERE id = ?;
