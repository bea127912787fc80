-- word_documents: how many of the records that were looked at hold each of some words.
--
-- Params:  array of words.
-- Returns: a row for each, in order: documents; NULL for a word in few or none.
SELECT (SELECT s.documents FROM word_sample AS s WHERE s.word = w.word)
FROM unnest($1::text[]) WITH ORDINALITY AS w (word, place)
ORDER BY w.place;
