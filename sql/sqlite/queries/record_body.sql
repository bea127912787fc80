-- record_body: the content of a record that is about to change.
--
-- Params:  no.
-- Returns: body.
-- Runs in: the transaction of a commit.
SELECT body FROM record WHERE no = ?;
