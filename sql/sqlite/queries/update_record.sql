-- update_record: replaces a record by its next version.
--
-- Params:  version stamp attempt text_hash updated_at name_parts body, one a member column,
--          then no.
-- Returns: nothing.
-- Uses:    the rowid. content_hash stays that of version 1, as sent.
-- Runs in: the transaction of a commit.
UPDATE record
SET (version, stamp, attempt, text_hash, updated_at, name_parts, body, {columns})
  = (?, ?, ?, ?, ?, ?, ?, {placeholders})
WHERE no = ?;
