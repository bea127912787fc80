-- drop_pending: removes pending rows, whatever their stamps.
--
-- Params:  arrays of set_id record_id.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
DELETE FROM pending_vector AS p
USING unnest($1::bigint[], $2::uuid[]) AS u (set_id, record_id)
WHERE p.set_id = u.set_id AND p.record_id = u.record_id;
