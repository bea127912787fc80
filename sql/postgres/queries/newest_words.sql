-- newest_words: the words of the newest records, and whether each record matches a filter.
--
-- Params:  how many at most, those of the filter.
-- Returns: id word_count words matches.
-- Uses:    record_by_created_at. Prepared without a filter; put together for each other one.
SELECT r.id, r.word_count, r.words, ({filter}) IS TRUE
FROM (SELECT * FROM {records} ORDER BY created_at DESC, id DESC LIMIT $1::bigint) AS r;
