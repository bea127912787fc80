-- count_phrase: how many records hold words one after the other, of those that hold the words.
--
-- Params:  tsquery of the words as text, of the phrase as text, how many records to look at.
-- Returns: one row: records with the words, no more than that; records of these with the phrase.
-- Uses:    record_by_words. The index knows no places: records are read, so many at most.
SELECT count(*), count(*) FILTER (WHERE found.words @@ $2::text::tsquery)
FROM (
  SELECT r.words FROM record AS r WHERE r.words @@ $1::text::tsquery LIMIT $3::bigint
) AS found;
