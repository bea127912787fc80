-- clear_word_sample: drops the counts of words, before make_word_sample in the same transaction.
--
-- Params:  none.
-- Returns: nothing.
WITH cleared AS (DELETE FROM word_sample)
DELETE FROM word_sample_total;
