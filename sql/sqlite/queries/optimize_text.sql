-- optimize_text: merges the text index, so that nothing of a deleted text is left in it.
--
-- Params:  none.
-- Returns: nothing.
-- Runs in: the transaction of an erasure.
--
-- Each merge leaves an empty level in the index's structure (row 10: two bytes each), and FTS5
-- takes one of more than 2,000 levels for damaged, for good. So once in some hundred times the
-- index is made anew, which leaves nothing of a deleted text either.
INSERT INTO record_text (record_text)
SELECT CASE WHEN length(block) > 1024 THEN 'rebuild' ELSE 'optimize' END
FROM record_text_data
WHERE id = 10;
