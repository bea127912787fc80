-- insert_text: adds the texts of a record to the text index.
--
-- Params:  no summary root_cause recommendation error_message name_parts.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
INSERT INTO record_text (rowid, summary, root_cause, recommendation, error_message, name_parts)
VALUES (?, ?, ?, ?, ?, ?);
