-- 0001_records: records with their history and keys, embeddings, pending rows, vector sets.
--
-- Times are microseconds since 1970 in UTC, ids 16 bytes, hashes 32. Hand-written: a test compares
-- the member columns of `record` with the field tables.

-- Current versions. Columns beside `body` exist to filter, sort and join by; long texts and
-- metadata are read out of `body` when asked for, so that they are stored once.
CREATE TABLE record (
  no INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  kind TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  stamp INTEGER NOT NULL,
  attempt BLOB NOT NULL CHECK (length(attempt) = 16),
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
  text_hash BLOB CHECK (length(text_hash) = 32),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  name TEXT,
  namespace TEXT,
  phase TEXT,
  action_type TEXT,
  status TEXT,
  start_time INTEGER,
  end_time INTEGER,
  duration INTEGER,
  remediation_request_id TEXT,
  alert_fingerprint TEXT,
  severity TEXT,
  environment TEXT,
  cluster_name TEXT,
  target_resource TEXT,
  trace_id TEXT,
  actor TEXT,
  analysis_id TEXT,
  provider TEXT,
  model TEXT,
  confidence_score REAL,
  tokens_used INTEGER,
  analysis_duration INTEGER,
  workflow_id TEXT,
  total_steps INTEGER,
  completed_steps INTEGER,
  execution_id TEXT,
  success INTEGER,
  execution_time INTEGER,
  -- The parts of joined names in the four texts, such as "Crash Loop Back Off".
  name_parts TEXT,
  body TEXT NOT NULL,
  summary TEXT AS (json_extract(body, '$.summary')) VIRTUAL,
  root_cause TEXT AS (json_extract(body, '$.root_cause')) VIRTUAL,
  recommendation TEXT AS (json_extract(body, '$.recommendation')) VIRTUAL,
  error_message TEXT AS (json_extract(body, '$.error_message')) VIRTUAL,
  metadata TEXT AS (json_extract(body, '$.metadata')) VIRTUAL
) STRICT;
CREATE INDEX record_by_created_at ON record (created_at, id);
CREATE INDEX record_by_kind ON record (kind, created_at, id);
CREATE INDEX record_by_remediation_request_id ON record (remediation_request_id, kind)
  WHERE remediation_request_id IS NOT NULL;
CREATE INDEX record_by_workflow_id ON record (workflow_id, kind) WHERE workflow_id IS NOT NULL;

-- Versions that an update replaced. The current one is in `record` only.
CREATE TABLE record_version (
  record_id BLOB NOT NULL REFERENCES record (id),
  version INTEGER NOT NULL,
  stamp INTEGER NOT NULL,
  attempt BLOB NOT NULL,
  updated_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (record_id, version)
) STRICT;

-- The text leg of search. Deleting needs the old column values, in the same transaction.
CREATE VIRTUAL TABLE record_text USING fts5 (
  summary, root_cause, recommendation, error_message, name_parts,
  content = 'record', content_rowid = 'no',
  tokenize = 'porter unicode61 remove_diacritics 2'
);

-- Who holds a natural key: a record, or (intent_stamp) a strict creation under way.
CREATE TABLE natural_key (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  id BLOB NOT NULL,
  intent_stamp INTEGER,
  PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX natural_key_of_intent ON natural_key (id) WHERE intent_stamp IS NOT NULL;

-- First writer wins. http_status 0: claimed by an intent that has not committed its record.
CREATE TABLE idempotency_key (
  key TEXT NOT NULL PRIMARY KEY,
  request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
  http_status INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_key_by_age ON idempotency_key (created_at, key);
CREATE INDEX idempotency_key_of_intent ON idempotency_key (id) WHERE http_status = 0;

-- What stays of an erased record.
CREATE TABLE erasure (
  id BLOB NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  version INTEGER NOT NULL,
  stamp INTEGER NOT NULL,
  attempt BLOB NOT NULL,
  erased_at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  why TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE erased_key (
  key_hash BLOB NOT NULL PRIMARY KEY CHECK (length(key_hash) = 32),
  id BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE vector_set (
  set_id INTEGER PRIMARY KEY AUTOINCREMENT,
  engine TEXT NOT NULL,
  space TEXT NOT NULL,
  projection TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('filling', 'live', 'retired'))
) STRICT;
CREATE UNIQUE INDEX vector_set_live ON vector_set (state) WHERE state = 'live';

-- Vectors as published by their model, of the record's current text only: an update that changes
-- the text deletes them. v: 384 floats of 32 bits, little-endian.
CREATE TABLE embedding (
  record_id BLOB NOT NULL REFERENCES record (id),
  space TEXT NOT NULL,
  stamp INTEGER NOT NULL,
  text_hash BLOB NOT NULL CHECK (length(text_hash) = 32),
  v BLOB NOT NULL CHECK (length(v) = 1536),
  UNIQUE (record_id, space)
) STRICT;

-- In this set, the record's vector may differ from the record. No foreign key to the record: a
-- vector without a record is made good the same way.
CREATE TABLE pending_vector (
  set_id INTEGER NOT NULL REFERENCES vector_set (set_id),
  record_id BLOB NOT NULL CHECK (length(record_id) = 16),
  stamp INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('intent', 'due', 'parked')),
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  reason TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (set_id, record_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_vector_due ON pending_vector (due_at, stamp) WHERE state = 'due';

CREATE TABLE stamp (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  next INTEGER NOT NULL
) STRICT;
INSERT INTO stamp (only_row, next) VALUES (1, 1);

CREATE TABLE setting (
  name TEXT NOT NULL PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Records as readers see them: with the state of their vector in the set that answers searches.
CREATE VIEW record_now AS
SELECT
  r.*,
  (
    SELECT p.reason
    FROM vector_set AS s
    JOIN pending_vector AS p ON p.set_id = s.set_id AND p.record_id = r.id
    WHERE s.state = 'live'
  ) AS pending_reason,
  CASE
    WHEN EXISTS (
      SELECT 1
      FROM vector_set AS s
      JOIN pending_vector AS p ON p.set_id = s.set_id AND p.record_id = r.id
      WHERE s.state = 'live'
    ) THEN 'pending'
    WHEN EXISTS (
      SELECT 1
      FROM vector_set AS s
      JOIN embedding AS e ON e.record_id = r.id AND e.space = s.space AND e.text_hash = r.text_hash
      WHERE s.state = 'live'
    ) THEN 'synced'
    ELSE 'none'
  END AS vector
FROM record AS r;
