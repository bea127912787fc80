-- last_backfilled: how far the filling of a set that is being prepared has come.
--
-- Params:  set_id.
-- Returns: record_id; no row where it has not begun.
--
-- Pages are written in the order of ids, each in a transaction of its own, and the relay does not
-- know the set yet: what comes before the row is there too.
SELECT record_id
FROM pending_vector
WHERE set_id = $1::bigint AND reason = 'backfill'
ORDER BY record_id DESC
LIMIT 1;
