-- 0001_records: records with their history and keys, embeddings, pending rows, vector sets.
-- runs with: 1
--
-- Texts compare by their bytes, whatever the database's collation. The tables that grow are
-- partitioned by the month in which a version 7 id was made. Hand-written: a test compares the
-- member columns of `record` with the field tables.

-- Stamps rise in the order in which they are drawn only if no session hoards them.
CREATE SEQUENCE stamp AS bigint CACHE 1;

-- For people's own queries: words @@ plainto_tsquery('record_words', 'pods restarting'). The
-- program fills `words` itself, independent of the server's parser, and stems nearly the same. No
-- word is left out: people look for "not" and "on" too.
CREATE TEXT SEARCH DICTIONARY record_stem (TEMPLATE = snowball, LANGUAGE = english);
CREATE TEXT SEARCH CONFIGURATION record_words (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION record_words ALTER MAPPING REPLACE simple WITH record_stem;

-- Current versions. `body` is what was sent, to the byte; the columns beside it exist to filter,
-- sort and join by. `metadata` is for people's queries: it is NULL where jsonb cannot hold a number
-- of it. Filters use `metadata_scalars`: each scalar's path and text, as the program spells them.
-- `words`: stems with their places, of weight A in the texts, of D in parts of names; `word_count`:
-- how many words there are, the length by which searches weigh them.
CREATE TABLE record (
  id uuid NOT NULL PRIMARY KEY,
  kind text COLLATE "C" NOT NULL
    CHECK (kind IN ('remediation', 'aianalysis', 'workflow', 'execution')),
  version bigint NOT NULL CHECK (version >= 1),
  stamp bigint NOT NULL,
  attempt uuid NOT NULL,
  content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 32),
  text_hash bytea CHECK (octet_length(text_hash) = 32),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  name text COLLATE "C" CHECK (char_length(name) <= 255),
  namespace text COLLATE "C" CHECK (char_length(namespace) <= 255),
  phase text COLLATE "C",
  action_type text COLLATE "C" CHECK (char_length(action_type) <= 100),
  status text COLLATE "C" CHECK (status IN ('success', 'failure', 'pending', 'running')),
  start_time timestamptz,
  end_time timestamptz,
  duration bigint CHECK (duration BETWEEN 0 AND 9007199254740991),
  remediation_request_id text COLLATE "C" CHECK (char_length(remediation_request_id) <= 255),
  alert_fingerprint text COLLATE "C" CHECK (char_length(alert_fingerprint) <= 255),
  severity text COLLATE "C" CHECK (char_length(severity) <= 50),
  environment text COLLATE "C" CHECK (char_length(environment) <= 50),
  cluster_name text COLLATE "C" CHECK (char_length(cluster_name) <= 255),
  target_resource text COLLATE "C" CHECK (char_length(target_resource) <= 512),
  trace_id text COLLATE "C" CHECK (trace_id ~ '^[0-9a-f]{32}$' AND trace_id ~ '[1-9a-f]'),
  actor text COLLATE "C" CHECK (char_length(actor) <= 255),
  analysis_id text COLLATE "C" CHECK (char_length(analysis_id) <= 255),
  provider text COLLATE "C" CHECK (char_length(provider) <= 100),
  model text COLLATE "C" CHECK (char_length(model) <= 255),
  confidence_score double precision CHECK (confidence_score BETWEEN 0 AND 1),
  tokens_used bigint CHECK (tokens_used BETWEEN 0 AND 9007199254740991),
  analysis_duration bigint CHECK (analysis_duration BETWEEN 0 AND 9007199254740991),
  workflow_id text COLLATE "C" CHECK (char_length(workflow_id) <= 255),
  total_steps bigint CHECK (total_steps BETWEEN 0 AND 9007199254740991),
  completed_steps bigint CHECK (completed_steps BETWEEN 0 AND total_steps),
  execution_id text COLLATE "C" CHECK (char_length(execution_id) <= 255),
  success boolean,
  execution_time bigint CHECK (execution_time BETWEEN 0 AND 9007199254740991),
  metadata jsonb CHECK (jsonb_typeof(metadata) = 'object'),
  metadata_scalars text[] COLLATE "C",
  words tsvector,
  word_count integer NOT NULL DEFAULT 0 CHECK (word_count >= 0),
  body json NOT NULL CHECK (octet_length(body::text) <= 2097152),
  CHECK (end_time >= start_time),
  -- What each kind requires; the members it does not have stay NULL.
  CONSTRAINT record_remediation_check CHECK (
    kind <> 'remediation' OR num_nulls(
      name, namespace, phase, action_type, status, start_time, remediation_request_id
    ) = 0 AND phase IN ('pending', 'processing', 'completed', 'failed')
  ),
  CONSTRAINT record_aianalysis_check CHECK (
    kind <> 'aianalysis'
    OR num_nulls(remediation_request_id, analysis_id, provider, model) = 0
  ),
  CONSTRAINT record_workflow_check CHECK (
    kind <> 'workflow' OR num_nulls(
      remediation_request_id, workflow_id, phase, total_steps, completed_steps, start_time
    ) = 0 AND phase IN ('planning', 'executing', 'completed', 'failed')
  ),
  CONSTRAINT record_execution_check CHECK (
    kind <> 'execution' OR num_nulls(
      workflow_id, execution_id, action_type, target_resource, cluster_name, success, start_time
    ) = 0
  )
) PARTITION BY RANGE (id);
CREATE INDEX record_by_created_at ON record (created_at, id);
CREATE INDEX record_by_kind ON record (kind, created_at, id);
CREATE INDEX record_by_remediation_request_id ON record (remediation_request_id, kind)
  WHERE remediation_request_id IS NOT NULL;
CREATE INDEX record_by_workflow_id ON record (workflow_id, kind) WHERE workflow_id IS NOT NULL;
CREATE INDEX record_by_words ON record USING gin (words);

-- Versions that an update replaced. The current one is in `record` only.
CREATE TABLE record_version (
  record_id uuid NOT NULL,
  version bigint NOT NULL,
  stamp bigint NOT NULL,
  attempt uuid NOT NULL,
  updated_at timestamptz NOT NULL,
  body json NOT NULL,
  PRIMARY KEY (record_id, version)
) PARTITION BY RANGE (record_id);

-- Vectors as published by their model, of the record's current text only: written once, and deleted
-- by an update that changes the text. v: 384 floats of 32 bits, little-endian.
CREATE TABLE embedding (
  record_id uuid NOT NULL,
  space text COLLATE "C" NOT NULL,
  stamp bigint NOT NULL,
  text_hash bytea NOT NULL CHECK (octet_length(text_hash) = 32),
  v bytea NOT NULL CHECK (octet_length(v) = 1536),
  PRIMARY KEY (record_id, space)
) PARTITION BY RANGE (record_id);

-- What no month takes lands here, so that nothing is refused; it is watched, and meant to be empty.
CREATE TABLE record_other PARTITION OF record DEFAULT;
CREATE TABLE record_version_other PARTITION OF record_version DEFAULT;
CREATE TABLE embedding_other PARTITION OF embedding DEFAULT;

-- The least id that can have been made at a moment: milliseconds are the first 48 bits.
CREATE FUNCTION first_id_of(moment timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN rpad(lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0'), 32, '0')::uuid;

-- Makes what is missing of the partitions of `count` months from that of `moment` on; returns how
-- many it made. A month whose ids have landed in the default partition is left out: it stays there.
CREATE FUNCTION make_partitions(moment timestamptz, count integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  made integer := 0;
  parent text;
  name text;
  month timestamp;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('datastorage partitions'));
  FOR i IN 0 .. count - 1 LOOP
    month := date_trunc('month', moment AT TIME ZONE 'UTC') + make_interval(months => i);
    FOREACH parent IN ARRAY ARRAY['record', 'record_version', 'embedding'] LOOP
      name := parent || to_char(month, '_YYYY_MM');
      CONTINUE WHEN to_regclass(name) IS NOT NULL;
      BEGIN
        EXECUTE format(
          'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', name, parent,
          first_id_of(month AT TIME ZONE 'UTC'),
          first_id_of((month + interval '1 month') AT TIME ZONE 'UTC')
        );
        made := made + 1;
      EXCEPTION WHEN check_violation THEN
        NULL;
      END;
    END LOOP;
  END LOOP;
  RETURN made;
END
$$;

-- Who holds a natural key: a record, or (intent_stamp) a strict creation under way.
CREATE TABLE natural_key (
  kind text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  intent_stamp bigint,
  PRIMARY KEY (kind, key)
);
CREATE UNIQUE INDEX natural_key_of_intent ON natural_key (id) WHERE intent_stamp IS NOT NULL;

-- First writer wins. http_status 0: claimed by an intent that has not committed its record.
CREATE TABLE idempotency_key (
  key text COLLATE "C" NOT NULL PRIMARY KEY,
  request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
  http_status integer NOT NULL CHECK (http_status IN (0, 200, 201)),
  id uuid NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX idempotency_key_by_age ON idempotency_key (created_at, key);
CREATE INDEX idempotency_key_of_intent ON idempotency_key (id) WHERE http_status = 0;

-- What stays of an erased record, its attempts too.
CREATE TABLE erasure (
  id uuid NOT NULL PRIMARY KEY,
  kind text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  stamp bigint NOT NULL,
  attempt uuid NOT NULL,
  erased_at timestamptz NOT NULL,
  actor text NOT NULL,
  why text NOT NULL
);
CREATE TABLE erased_key (
  key_hash bytea NOT NULL PRIMARY KEY CHECK (octet_length(key_hash) = 32),
  id uuid NOT NULL
);
CREATE TABLE erased_attempt (
  record_id uuid NOT NULL,
  version bigint NOT NULL,
  attempt uuid NOT NULL,
  PRIMARY KEY (record_id, version)
);

CREATE TABLE vector_set (
  set_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  engine text COLLATE "C" NOT NULL,
  space text COLLATE "C" NOT NULL,
  projection text COLLATE "C" NOT NULL,
  pending_rule text COLLATE "C" NOT NULL
    CHECK (pending_rule IN ('where_embedding_is_missing', 'every_set')),
  -- Preparing: commits leave rows in it, and nobody else sees it until every record has its row.
  state text COLLATE "C" NOT NULL CHECK (state IN ('preparing', 'filling', 'live', 'retired'))
);
CREATE UNIQUE INDEX vector_set_live ON vector_set (state) WHERE state = 'live';

-- In this set, the record's vector may differ from the record. No foreign key to the record: a
-- vector without a record is made good the same way. Rows come and go: room for changes in place.
CREATE TABLE pending_vector (
  set_id bigint NOT NULL,
  record_id uuid NOT NULL,
  stamp bigint NOT NULL,
  state text COLLATE "C" NOT NULL CHECK (state IN ('intent', 'due', 'parked')),
  due_at timestamptz NOT NULL,
  attempts bigint NOT NULL,
  reason text COLLATE "C" NOT NULL,
  since timestamptz NOT NULL,
  PRIMARY KEY (set_id, record_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX pending_vector_due ON pending_vector (set_id, due_at, stamp)
  WHERE state <> 'parked';
-- Writers look for the rows of a record in all sets.
CREATE INDEX pending_vector_of_record ON pending_vector (record_id);

-- The set whose vectors are in this database too, where it has the tables of sql/postgres/pgvector:
-- a write of a record writes its vector then.
CREATE TABLE vector_mark (
  set_id bigint NOT NULL,
  is_head_full boolean NOT NULL DEFAULT false
);

CREATE TABLE setting (
  name text COLLATE "C" NOT NULL PRIMARY KEY,
  value bytea NOT NULL
);

-- Removes content and history of records for good. The service's role has no right to, apart from
-- this; the caller has noted the erasure.
CREATE FUNCTION erase_content(ids uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT
BEGIN ATOMIC
  INSERT INTO erased_attempt (record_id, version, attempt)
  SELECT id, version, attempt FROM record WHERE id = ANY (ids)
  UNION ALL
  SELECT record_id, version, attempt FROM record_version WHERE record_id = ANY (ids);
  DELETE FROM embedding WHERE record_id = ANY (ids);
  DELETE FROM record_version WHERE record_id = ANY (ids);
  DELETE FROM record WHERE id = ANY (ids);
END;

-- Records as readers see them: with the state of their vector in the set that answers searches.
CREATE VIEW record_now AS
SELECT
  r.*,
  p.reason AS pending_reason,
  CASE
    WHEN p.reason IS NOT NULL THEN 'pending'
    WHEN EXISTS (
      SELECT FROM vector_set AS s
      JOIN embedding AS e ON e.record_id = r.id AND e.space = s.space AND e.text_hash = r.text_hash
      WHERE s.state = 'live'
    ) THEN 'synced'
    ELSE 'none'
  END COLLATE "C" AS vector
FROM record AS r
LEFT JOIN LATERAL (
  SELECT pending.reason
  FROM vector_set AS s
  JOIN pending_vector AS pending ON pending.set_id = s.set_id AND pending.record_id = r.id
  WHERE s.state = 'live'
) AS p ON TRUE;
