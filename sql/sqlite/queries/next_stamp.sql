-- next_stamp: the stamp that nobody has drawn yet.
--
-- Params:  none.
-- Returns: next.
-- Runs in: the transaction of a commit.
SELECT next FROM stamp;
