-- erase_content: removes content, history and vectors of records; their attempts stay.
--
-- Params:  array of id.
-- Returns: nothing of use.
-- Runs in: the transaction of a commit.
SELECT erase_content($1::uuid[]);
