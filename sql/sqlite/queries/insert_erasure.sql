-- insert_erasure: keeps who erased a record, when and why.
--
-- Params:  id kind version stamp attempt erased_at actor why.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
INSERT INTO erasure (id, kind, version, stamp, attempt, erased_at, actor, why)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);
