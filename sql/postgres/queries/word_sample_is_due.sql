-- word_sample_is_due: whether words are to be counted anew: there is no count yet; or the store has
-- grown or shrunk by a fourth since; or it was written to, and the count is old; or a record was
-- erased since, or so shortly before that the count may have seen it: its words are to go.
--
-- Params:  records from which on there is a count, seconds after which a count is old,
--          how many records there are, about (store_size).
-- Returns: one row: is_due.
SELECT CASE
  WHEN t.made_at IS NULL THEN $3::bigint >= $1::bigint
  WHEN abs($3::bigint - t.store_size) * 4 > t.store_size THEN TRUE
  WHEN EXISTS (SELECT FROM erasure WHERE erased_at > t.made_at - interval '15 s')
    AND t.made_at < now() - interval '15 s' THEN TRUE
  ELSE t.made_at < now() - make_interval(secs => $2::bigint)
    AND t.stamp IS DISTINCT FROM pg_sequence_last_value('stamp'::regclass)
END
FROM (SELECT) AS one
LEFT JOIN word_sample_total AS t ON TRUE;
