-- vector_schema: what pgvector keeps, beside the records or in a database of its own. All of it is
-- derived: it can be made again from the records' embeddings.
--
-- Runs in: one transaction of the owner's, at every start that asks for pgvector; repeatable.
SELECT pg_advisory_xact_lock(7310868419);
CREATE EXTENSION IF NOT EXISTS vector;

-- The set whose vectors the tables hold. Writers of records read it (migration 0001 has it too).
CREATE TABLE IF NOT EXISTS vector_mark (
  set_id bigint NOT NULL,
  is_head_full boolean NOT NULL DEFAULT false
);

-- The stamp that is held of each id; not live: a tombstone. Narrow, and changed in place.
CREATE TABLE IF NOT EXISTS vector_point (
  record_id uuid NOT NULL PRIMARY KEY,
  stamp bigint NOT NULL,
  is_live boolean NOT NULL
) WITH (fillfactor = 80);

-- A live point's vector is in one of these. New ones wait in the head, which is small, has no
-- vector index and is read whole by every search; they move to the body in batches.
CREATE TABLE IF NOT EXISTS vector_head (
  record_id uuid NOT NULL PRIMARY KEY,
  v halfvec(384) NOT NULL
) WITH (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0
);
CREATE TABLE IF NOT EXISTS vector_body (
  record_id uuid NOT NULL PRIMARY KEY,
  v halfvec(384) NOT NULL
);
CREATE INDEX IF NOT EXISTS vector_body_by_cosine ON vector_body
  USING hnsw (v halfvec_cosine_ops) WITH (m = 16, ef_construction = 64);

-- Marks the tables as those of a set and returns the set whose mark they bear. The set they were of
-- before gives them up once it is retired. They are emptied together with the mark, so that a
-- reader in an older snapshot finds no mark rather than no vectors; whoever has read the mark is
-- waited for.
CREATE OR REPLACE FUNCTION claim_vectors(wanted bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  held bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(7310868419);
  SELECT set_id INTO held FROM vector_mark;
  IF held = wanted THEN
    RETURN held;
  END IF;
  LOCK TABLE vector_mark IN ACCESS EXCLUSIVE MODE;
  IF held IS NULL THEN
    INSERT INTO vector_mark (set_id) VALUES (wanted);
    RETURN wanted;
  END IF;
  IF to_regclass('vector_set') IS NULL THEN
    RETURN held;
  END IF;
  IF EXISTS (SELECT FROM vector_set WHERE set_id = held AND state <> 'retired')
    OR NOT EXISTS (SELECT FROM vector_set WHERE set_id = wanted AND state <> 'retired')
  THEN
    RETURN held;
  END IF;
  TRUNCATE vector_mark, vector_point, vector_head, vector_body;
  INSERT INTO vector_mark (set_id) VALUES (wanted);
  RETURN wanted;
END
$$;
