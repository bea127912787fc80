-- count_phrase: how many records hold words one after the other, of those that hold the words; and
-- some that do and match a filter, if there are more with the words than were looked at.
--
-- Params:  tsquery of the words as text, of the phrase as text, how many records to look at, how
--          many to return, those of the filter.
-- Returns: id word_count words looked_at held: at least one row, whose first three are NULL where
--          there is none to return; looked_at and held are the same in each.
-- Uses:    record_by_words. The index knows no places: records are read, so many at most.
--          Prepared without a filter; put together for each other one.
WITH looked AS MATERIALIZED (
  SELECT
    CASE WHEN found.has THEN found.id END AS id,
    CASE WHEN found.has THEN found.word_count END AS word_count,
    CASE WHEN found.has THEN found.words END AS words,
    found.has AND found.matches AS is_wanted
  FROM (
    SELECT
      r.id, r.word_count, r.words,
      r.words @@ $2::text::tsquery AS has, ({filter}) IS TRUE AS matches
    FROM {records} AS r
    WHERE r.words @@ $1::text::tsquery
    LIMIT $3::bigint
  ) AS found
)
SELECT w.id, w.word_count, w.words, c.looked_at, c.held
FROM (SELECT count(*) AS looked_at, count(l.id) AS held FROM looked AS l) AS c
LEFT JOIN (
  SELECT l.id, l.word_count, l.words FROM looked AS l WHERE l.is_wanted LIMIT $4::bigint
) AS w ON c.looked_at >= $3::bigint;
