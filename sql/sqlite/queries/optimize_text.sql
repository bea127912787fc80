-- optimize_text: merges the text index, so that nothing of a deleted text is left in it.
--
-- Params:  none.
-- Returns: nothing.
-- Runs in: the transaction of an erasure.
INSERT INTO record_text (record_text) VALUES ('optimize');
