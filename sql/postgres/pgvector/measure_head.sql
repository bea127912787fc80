-- measure_head: counts the vectors that wait in the head, no further than one over its bound, and
-- tells writers when it is full and when a quarter of it is free again.
--
-- Params:  the bound.
-- Returns: count, and how many segments were built and are not retired.
-- Runs in: a transaction of its own, which writes only when the answer changes.
WITH waiting AS MATERIALIZED (
  SELECT count(*) AS n FROM (SELECT FROM vector_head LIMIT $1::bigint + 1) AS counted
),
marked AS (
  UPDATE vector_mark AS m SET is_head_full = NOT m.is_head_full
  FROM waiting AS w
  WHERE CASE WHEN m.is_head_full THEN w.n * 4 < $1::bigint * 3 ELSE w.n >= $1::bigint END
)
SELECT n, (SELECT count(*) FROM vector_segment WHERE retired_at IS NULL) FROM waiting;
