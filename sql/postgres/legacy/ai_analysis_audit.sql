-- ai_analysis_audit: the next page of analyses of the Go original.
--
-- Params:  the id before the page, how many.
-- Returns: as remediation_audit.
SELECT
  id,
  json_strip_nulls(json_build_object(
    'remediation_request_id', remediation_request_id,
    'analysis_id', analysis_id,
    'provider', provider,
    'model', model,
    'confidence_score', confidence_score,
    'tokens_used', tokens_used,
    'analysis_duration', analysis_duration
  ))::text,
  metadata::text,
  json_build_object('legacy_id', id, 'legacy_created_at', created_at)::text
FROM ai_analysis_audit
WHERE id > $1::bigint
ORDER BY id
LIMIT $2::bigint;
