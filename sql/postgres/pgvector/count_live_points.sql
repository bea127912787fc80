-- count_live_points: how many points are live, counting no further than a bound; and how many the
-- server believes there are.
--
-- Params:  the bound.
-- Returns: count, estimate.
-- Runs in: a snapshot of its own.
SELECT
  (SELECT count(*) FROM (SELECT FROM vector_point WHERE is_live LIMIT $1::bigint) AS counted),
  (SELECT reltuples::bigint FROM pg_class WHERE oid = 'vector_point'::regclass);
