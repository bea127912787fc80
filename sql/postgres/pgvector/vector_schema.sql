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
-- vector index and is read whole by every search. In the body each is in one of many segments: 0
-- takes what is put there row by row, each other one was built whole (vector_segments).
CREATE TABLE IF NOT EXISTS vector_head (
  record_id uuid NOT NULL PRIMARY KEY,
  v halfvec(384) NOT NULL
) WITH (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0
);
-- A body without segments, of an earlier version, becomes segment 0.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('vector_body') AND relkind = 'r') THEN
    ALTER TABLE vector_body RENAME TO vector_body_0;
    ALTER TABLE vector_body_0
      ADD COLUMN segment integer NOT NULL DEFAULT 0,
      DROP CONSTRAINT vector_body_pkey,
      ADD PRIMARY KEY (record_id, segment);
  END IF;
END
$$;
CREATE TABLE IF NOT EXISTS vector_body (
  record_id uuid NOT NULL,
  segment integer NOT NULL DEFAULT 0,
  v halfvec(384) NOT NULL,
  PRIMARY KEY (record_id, segment)
) PARTITION BY LIST (segment);
DO $$
BEGIN
  IF to_regclass('vector_body_0') IS NULL THEN
    CREATE TABLE vector_body_0 PARTITION OF vector_body FOR VALUES IN (0);
  ELSIF NOT (SELECT relispartition FROM pg_class WHERE oid = to_regclass('vector_body_0')) THEN
    ALTER TABLE vector_body ATTACH PARTITION vector_body_0 FOR VALUES IN (0);
  END IF;
END
$$;
CREATE INDEX IF NOT EXISTS vector_body_by_cosine ON vector_body_0
  USING hnsw (v halfvec_cosine_ops) WITH (m = 16, ef_construction = 64);

-- The segments but for 0. A search reads those that are not retired in its own snapshot; a retired
-- one holds no row that a later snapshot sees, and its table is dropped later. Row counts are those
-- of when it was built.
CREATE SEQUENCE IF NOT EXISTS vector_segment_number AS integer;
CREATE TABLE IF NOT EXISTS vector_segment (
  segment integer NOT NULL PRIMARY KEY,
  row_count bigint NOT NULL,
  retired_at timestamptz
);
-- What tells a segment from another of its number: a database that was put back to an earlier time
-- hands out numbers again.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'vector_segment'::regclass
      AND attname = 'made') THEN
    ALTER TABLE vector_segment
      ADD COLUMN made bigint NOT NULL DEFAULT (1 + random() * 9007199254740990)::bigint;
  END IF;
END
$$;

-- Marks the tables as those of a set and returns the set whose mark they bear. The set they were of
-- before gives them up once it is retired. They are emptied together with the mark, so that a
-- reader in an older snapshot finds no mark rather than no vectors; whoever has read the mark is
-- waited for.
CREATE OR REPLACE FUNCTION claim_vectors(wanted bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  held bigint;
  gone integer[];
  number integer;
BEGIN
  PERFORM pg_advisory_xact_lock(7310868419);
  SELECT set_id INTO held FROM vector_mark;
  IF held = wanted THEN
    RETURN held;
  END IF;
  -- Whoever builds or merges segments is waited for, before others wait for this.
  PERFORM pg_advisory_xact_lock(7310868420), pg_advisory_xact_lock(7310868421);
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
  gone := ARRAY(SELECT segment FROM vector_segment);
  TRUNCATE vector_mark, vector_point, vector_head, vector_body, vector_segment;
  FOREACH number IN ARRAY gone LOOP
    EXECUTE format('DROP TABLE vector_body_%s', number);
  END LOOP;
  INSERT INTO vector_mark (set_id) VALUES (wanted);
  RETURN wanted;
END
$$;
