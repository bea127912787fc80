-- list_records: a page of records.
--
-- Params:  those of the filter, of the position, then limit and offset.
-- Returns: as read_record.
-- Uses:    record_by_kind or record_by_created_at in the default order.
SELECT r.id, r.kind, r.version, r.stamp, r.created_at, r.updated_at, r.body, r.pending_reason,
  r.vector
FROM record_now AS r
WHERE ({filter}) AND ({after})
ORDER BY {order}
LIMIT ? OFFSET ?;
