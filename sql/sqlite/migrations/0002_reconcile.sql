-- 0002_reconcile: what a relay of one set and the settling of lost answers ask.

-- Intents too: a relay aborts those whose lease has ended.
DROP INDEX pending_vector_due;
CREATE INDEX pending_vector_due ON pending_vector (set_id, due_at, stamp) WHERE state <> 'parked';

-- The attempts that wrote the versions of a record that has been erased since.
CREATE TABLE erased_attempt (
  record_id BLOB NOT NULL REFERENCES erasure (id),
  version INTEGER NOT NULL,
  attempt BLOB NOT NULL CHECK (length(attempt) = 16),
  PRIMARY KEY (record_id, version)
) STRICT, WITHOUT ROWID;

-- Which pending rows a write leaves in the set: goes with it, for writers that do not know it.
ALTER TABLE vector_set ADD COLUMN pending_rule TEXT NOT NULL DEFAULT 'where_embedding_is_missing'
CHECK (pending_rule IN ('where_embedding_is_missing', 'every_set'));
