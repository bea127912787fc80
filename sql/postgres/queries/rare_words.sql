-- rare_words: the records that match a tsquery, and whether each matches a filter.
--
-- Params:  tsquery as text, how many at most, those of the filter.
-- Returns: id word_count words matches.
-- Uses:    record_by_words. Prepared without a filter; put together for each other one. All are
--          returned, since their words are counted too.
SELECT r.id, r.word_count, r.words, ({filter}) IS TRUE
FROM {records} AS r
WHERE r.words @@ $1::text::tsquery
LIMIT $2::bigint;
