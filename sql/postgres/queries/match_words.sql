-- match_words: some of the records that match a tsquery and a filter.
--
-- Params:  tsquery as text, how many at most, those of the filter.
-- Returns: id word_count words.
-- Uses:    record_by_words. Prepared without a filter; put together for each other one.
SELECT r.id, r.word_count, r.words
FROM {records} AS r
WHERE r.words @@ $1::text::tsquery AND ({filter})
LIMIT $2::bigint;
