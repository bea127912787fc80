-- delete_text: removes the texts of a record from the text index.
--
-- Params:  no, then the five values that were added: FTS5 finds the entries by them.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
INSERT INTO record_text (
  record_text, rowid, summary, root_cause, recommendation, error_message, name_parts
)
VALUES ('delete', ?, ?, ?, ?, ?, ?);
