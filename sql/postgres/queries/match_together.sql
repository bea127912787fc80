-- match_together: some of the records that match a filter and one of some tsqueries, those of the
-- first one first.
--
-- Params:  array of tsqueries as texts, each of which matches all that the one before it does; how
--          many records at most, those of the filter.
-- Returns: id word_count words.
-- Uses:    record_by_words. Prepared without a filter; put together for each other one. What the
--          query before found is looked at again and left out.
SELECT found.id, found.word_count, found.words
FROM (
  SELECT u.query, lag(u.query) OVER (ORDER BY u.place) AS before, u.place
  FROM unnest($1::text[]::tsquery[]) WITH ORDINALITY AS u (query, place)
  ORDER BY u.place
) AS q
CROSS JOIN LATERAL (
  SELECT r.id, r.word_count, r.words
  FROM {records} AS r
  WHERE r.words @@ q.query AND (r.words @@ q.before) IS NOT TRUE AND ({filter})
  LIMIT $2::bigint
) AS found
LIMIT $2::bigint;
