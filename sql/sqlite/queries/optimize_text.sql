-- optimize_text: merges the text index, so that nothing of a deleted text is left in it.
--
-- Params:  none.
-- Returns: nothing.
-- Runs in: the transaction of an erasure.
--
-- Each merge leaves empty levels in the index's structure (row 10: two bytes each), and FTS5
-- takes one of more than 2,000 levels for damaged, for good. They are taken out long before
-- (text_levels.h); should that fail for hundreds of erasures, the index is made anew at last,
-- which leaves nothing of a deleted text either.
INSERT INTO record_text (record_text)
SELECT CASE WHEN length(block) > 3500 THEN 'rebuild' ELSE 'optimize' END
FROM record_text_data
WHERE id = 10;
