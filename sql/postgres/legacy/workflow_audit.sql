-- workflow_audit: the next page of workflows of the Go original.
--
-- Params:  the id before the page, how many.
-- Returns: as remediation_audit.
SELECT
  id,
  json_strip_nulls(json_build_object(
    'remediation_request_id', remediation_request_id,
    'workflow_id', workflow_id,
    'phase', phase,
    'total_steps', total_steps,
    'completed_steps', completed_steps,
    'start_time', start_time,
    'end_time', end_time
  ))::text,
  metadata::text,
  json_build_object('legacy_id', id, 'legacy_created_at', created_at)::text
FROM workflow_audit
WHERE id > $1::bigint
ORDER BY id
LIMIT $2::bigint;
