-- match_together: some of the records that match a filter and one of some tsqueries, those of the
-- first one first. A record may come once for each.
--
-- Params:  array of tsqueries as texts, how many records at most, those of the filter.
-- Returns: id word_count words.
-- Uses:    record_by_words. Prepared without a filter; put together for each other one.
SELECT found.id, found.word_count, found.words
FROM unnest($1::text[]::tsquery[]) WITH ORDINALITY AS q (query, place)
CROSS JOIN LATERAL (
  SELECT r.id, r.word_count, r.words
  FROM {records} AS r
  WHERE r.words @@ q.query AND ({filter})
  LIMIT $2::bigint
) AS found
LIMIT $2::bigint;
