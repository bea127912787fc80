-- lock_records: what a write must know of records, which are its own until the transaction ends.
--
-- Params:  array of id.
-- Returns: id kind version stamp text_hash natural_key.
-- Uses:    the primary key.
-- Runs in: the transaction of a commit.
SELECT id, kind, version, stamp, text_hash,
  CASE kind
    WHEN 'remediation' THEN remediation_request_id
    WHEN 'aianalysis' THEN analysis_id
    WHEN 'workflow' THEN workflow_id
    ELSE execution_id
  END
FROM record
WHERE id = ANY ($1::uuid[])
ORDER BY id
FOR UPDATE;
