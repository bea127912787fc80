-- execution_audit: the next page of executions of the Go original.
--
-- Params:  the id before the page, how many.
-- Returns: as remediation_audit.
SELECT
  id,
  json_strip_nulls(json_build_object(
    'workflow_id', workflow_id,
    'execution_id', execution_id,
    'action_type', action_type,
    'target_resource', target_resource,
    'cluster_name', cluster_name,
    'success', success,
    'start_time', start_time,
    'end_time', end_time,
    'execution_time', execution_time,
    'error_message', error_message
  ))::text,
  metadata::text,
  json_build_object('legacy_id', id, 'legacy_created_at', created_at)::text
FROM execution_audit
WHERE id > $1::bigint
ORDER BY id
LIMIT $2::bigint;
