-- move_head: moves vectors from the head to segment 0 of the body, row by row into its index. What
-- another mover has in hand, or a writer is about to drop, is left alone.
--
-- Params:  how many at most.
-- Returns: nothing; the count of inserted rows is how many were moved.
-- Runs in: a transaction of its own, whose loss is harmless: they are in the head then.
WITH batch AS MATERIALIZED (
  SELECT ctid AS place FROM vector_head LIMIT $1::bigint FOR UPDATE SKIP LOCKED
),
moved AS (
  DELETE FROM vector_head WHERE ctid = ANY (ARRAY(SELECT place FROM batch))
  RETURNING record_id, v
)
INSERT INTO vector_body (record_id, v)
SELECT record_id, v FROM moved
ON CONFLICT (record_id, segment) DO UPDATE SET v = excluded.v;
