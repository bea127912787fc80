-- store_next_stamp: remembers how many stamps a commit has drawn.
--
-- Params:  next.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
UPDATE stamp SET next = ?;
