-- vector_segments: the owner's functions that build, merge and drop segments of vector_body, for
-- the role of the service, which owns no table.
--
-- Advisory locks: 7310868420 one builder, 7310868421 one merger; 7310868422 is held shared by
-- whoever drops vectors, from its first drop to its end, and alone by who makes a segment known;
-- 7310868423 is held by the latter from just before its end, and passed through by readers.
--
-- Runs in: the script of vector_schema, after it.

-- Makes the indexes of a segment that is filled and not known yet.
CREATE OR REPLACE FUNCTION index_segment(number integer) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  EXECUTE format('ALTER TABLE vector_body_%s ADD PRIMARY KEY (record_id, segment)', number);
  EXECUTE format('CREATE INDEX ON vector_body_%s USING hnsw (v halfvec_cosine_ops)'
    ' WITH (m = 16, ef_construction = 64)', number);
END
$$;

-- Makes the table of a new segment, with what lets it be attached without being read.
CREATE OR REPLACE FUNCTION make_segment() RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
  number integer := nextval('vector_segment_number');
BEGIN
  EXECUTE format('CREATE TABLE vector_body_%1$s (record_id uuid NOT NULL,'
    ' segment integer NOT NULL DEFAULT %1$s CHECK (segment = %1$s), v halfvec(384) NOT NULL)',
    number);
  RETURN number;
END
$$;

-- Waits until nobody is dropping vectors and lets nobody begin, until the transaction ends: who
-- looked for a vector before it moved would not find it where it is then. Others wait meanwhile, so
-- it gives way soon and tries again, each time a little more patiently: with a full head, vectors
-- are put into an index row by row and held on to for long, and only this makes room in the head.
CREATE OR REPLACE FUNCTION stop_drops() RETURNS void
LANGUAGE plpgsql SET lock_timeout = '100ms'
AS $$
BEGIN
  FOR attempt IN 1 .. 50 LOOP
    PERFORM set_config('lock_timeout', least(100 * attempt, 900)::text, true);
    BEGIN
      LOCK TABLE ONLY vector_body IN SHARE UPDATE EXCLUSIVE MODE;
      PERFORM pg_advisory_xact_lock(7310868422);
      RETURN;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      PERFORM pg_sleep(least(0.02 * attempt, 0.2));
    END;
  END LOOP;
  RAISE EXCEPTION 'others drop vectors all the time' USING ERRCODE = 'lock_not_available';
END
$$;

-- Makes a segment known. The server shows a commit's rows a moment before it tells other sessions
-- of a new partition; a reader that sees the rows waits here, by the last lock, until it was told.
CREATE OR REPLACE FUNCTION attach_segment(number integer, row_count bigint) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  EXECUTE format('ALTER TABLE vector_body ATTACH PARTITION vector_body_%1$s FOR VALUES IN (%1$s)',
    number);
  INSERT INTO vector_segment (segment, row_count) VALUES (number, row_count);
  PERFORM pg_advisory_xact_lock(7310868423);
END
$$;

-- Moves up to so many vectors from the head to a new segment; returns how many (0: also when
-- another builds).
CREATE OR REPLACE FUNCTION build_segment(row_count_max bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET maintenance_work_mem = '256MB' SET max_parallel_maintenance_workers = 0
AS $$
DECLARE
  number integer;
  ids uuid[];
  versions xid[];
  moved uuid[];
  lost uuid[];
BEGIN
  IF NOT pg_try_advisory_xact_lock(7310868420) THEN
    RETURN 0;
  END IF;
  number := make_segment();
  EXECUTE format('WITH batch AS MATERIALIZED ('
    ' SELECT record_id, v, xmin AS version FROM vector_head LIMIT $1),'
    ' copied AS (INSERT INTO vector_body_%s (record_id, v) SELECT record_id, v FROM batch)'
    ' SELECT array_agg(record_id), array_agg(version) FROM batch', number)
    INTO ids, versions USING row_count_max;
  IF ids IS NOT NULL THEN
    PERFORM index_segment(number);
    PERFORM stop_drops();
    -- What was replaced or dropped meanwhile, or is in a mover's hand, is not the segment's.
    WITH still AS MATERIALIZED (
      SELECT h.ctid AS place
      FROM unnest(ids, versions) AS u (record_id, version)
      JOIN vector_head AS h ON h.record_id = u.record_id
      WHERE h.xmin = u.version
      FOR UPDATE OF h SKIP LOCKED
    ),
    gone AS (
      DELETE FROM vector_head WHERE ctid = ANY (ARRAY(SELECT place FROM still))
      RETURNING record_id
    )
    SELECT array_agg(record_id) INTO moved FROM gone;
  END IF;
  IF moved IS NULL THEN
    EXECUTE format('DROP TABLE vector_body_%s', number);
    RETURN 0;
  END IF;
  lost := ARRAY(SELECT unnest(ids) EXCEPT SELECT unnest(moved));
  EXECUTE format('DELETE FROM vector_body_%s WHERE record_id = ANY ($1)', number) USING lost;
  PERFORM attach_segment(number, cardinality(moved));
  RETURN cardinality(moved);
END
$$;

-- Makes one segment of `count` that are of one size: 1, 8, 64… times `unit` rows, as they are now.
-- Returns how many rows it has (0: there are none, or another merges).
CREATE OR REPLACE FUNCTION merge_segments(unit bigint, count integer, row_count_max bigint)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET maintenance_work_mem = '256MB' SET max_parallel_maintenance_workers = 0
AS $$
DECLARE
  number integer;
  old integer;
  olds integer[];
  old_list text;
  row_count bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7310868421) THEN
    RETURN 0;
  END IF;
  WITH sized AS (
    SELECT s.segment,
      CASE WHEN c.reltuples >= 0 THEN least(s.row_count, c.reltuples::bigint) ELSE s.row_count END
        AS size
    FROM vector_segment AS s
    JOIN pg_class AS c ON c.oid = to_regclass(format('vector_body_%s', s.segment))
    WHERE s.retired_at IS NULL
  ),
  classed AS (
    SELECT segment, size, greatest(0, round(log(8, greatest(size, 1)::numeric / unit))) AS class
    FROM sized
  ),
  placed AS (
    SELECT *, row_number() OVER (PARTITION BY class ORDER BY segment) AS place FROM classed
  )
  SELECT array_agg(segment ORDER BY segment) INTO olds
  FROM placed
  WHERE place <= merge_segments.count
  GROUP BY class
  HAVING count(*) = merge_segments.count AND sum(size) <= row_count_max
  ORDER BY class
  LIMIT 1;
  IF olds IS NULL THEN
    RETURN 0;
  END IF;
  old_list := array_to_string(olds, ',');
  -- What will be empty needs no cleaning, which would be held up by this, or hold this up.
  FOREACH old IN ARRAY olds LOOP
    EXECUTE format('ALTER TABLE vector_body_%s SET (autovacuum_enabled = false)', old);
  END LOOP;
  number := make_segment();
  EXECUTE format('INSERT INTO vector_body_%s (record_id, v)'
    ' SELECT record_id, v FROM vector_body WHERE segment IN (%s)', number, old_list);
  PERFORM index_segment(number);
  PERFORM stop_drops();
  EXECUTE format('WITH moved AS (DELETE FROM vector_body WHERE segment IN (%s)'
    ' RETURNING record_id), lost AS (DELETE FROM vector_body_%s AS n WHERE NOT EXISTS ('
    ' SELECT FROM moved AS m WHERE m.record_id = n.record_id))'
    ' SELECT count(*) FROM moved', old_list, number) INTO row_count;
  UPDATE vector_segment SET retired_at = clock_timestamp() WHERE segment = ANY (olds);
  PERFORM attach_segment(number, row_count);
  RETURN row_count;
END
$$;

-- Drops the tables of segments that were retired so many seconds ago: longer than any search lives.
-- Returns how many; none while somebody reads the body for long.
CREATE OR REPLACE FUNCTION drop_retired_segments(age bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '100ms'
AS $$
DECLARE
  gone integer[];
  old integer;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7310868421) THEN
    RETURN 0;
  END IF;
  gone := ARRAY(
    SELECT segment FROM vector_segment
    WHERE retired_at <= clock_timestamp() - make_interval(secs => age)
  );
  FOREACH old IN ARRAY gone LOOP
    EXECUTE format('DROP TABLE vector_body_%s', old);
    DELETE FROM vector_segment WHERE segment = old;
  END LOOP;
  RETURN cardinality(gone);
EXCEPTION WHEN lock_not_available THEN
  RETURN 0;
END
$$;
