-- count_words: how many records match each of some tsqueries, counted no further than needed.
--
-- Params:  array of tsqueries as texts, how far to count.
-- Returns: a row for each, in order: count.
-- Uses:    record_by_words.
SELECT (
  SELECT count(*)
  FROM (SELECT FROM record AS r WHERE r.words @@ q.query LIMIT $2::bigint) AS counted
)
FROM unnest($1::text[]::tsquery[]) WITH ORDINALITY AS q (query, place)
ORDER BY q.place;
