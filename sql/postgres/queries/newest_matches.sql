-- newest_matches: of the newest records, those that match a tsquery and a filter.
--
-- Params:  tsquery as text, how many to look at, those of the filter.
-- Returns: id word_count words.
-- Uses:    record_by_created_at. Prepared without a filter; put together for each other one.
SELECT r.id, r.word_count, r.words
FROM (SELECT * FROM {records} ORDER BY created_at DESC, id DESC LIMIT $2::bigint) AS r
WHERE r.words @@ $1::text::tsquery AND ({filter});
