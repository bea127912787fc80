-- insert_record: stores version 1 of a record.
--
-- Params:  id kind version stamp attempt content_hash text_hash created_at updated_at
--          name_parts body, then one a member column.
-- Returns: nothing; the rowid is the record's `no`.
-- Runs in: the transaction of a commit.
INSERT INTO record (
  id, kind, version, stamp, attempt, content_hash, text_hash, created_at, updated_at,
  name_parts, body, {columns}
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {placeholders});
