-- remediation_audit: the next page of remediations of the Go original.
--
-- Params:  the id before the page, how many.
-- Returns: id, the record without its metadata, the metadata as the original has it, and what goes
--          into ours besides.
SELECT
  id,
  json_strip_nulls(json_build_object(
    'name', name,
    'namespace', namespace,
    'phase', phase,
    'action_type', action_type,
    'status', status,
    'start_time', start_time,
    'end_time', end_time,
    'duration', duration,
    'remediation_request_id', remediation_request_id,
    'alert_fingerprint', alert_fingerprint,
    'severity', severity,
    'environment', environment,
    'cluster_name', cluster_name,
    'target_resource', target_resource,
    'error_message', error_message
  ))::text,
  metadata::text,
  json_build_object(
    'legacy_id', id, 'legacy_created_at', created_at, 'legacy_updated_at', updated_at
  )::text
FROM remediation_audit
WHERE id > $1::bigint
ORDER BY id
LIMIT $2::bigint;
