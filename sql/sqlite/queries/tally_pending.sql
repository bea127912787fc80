-- tally_pending: how many rows are pending, why, and since when.
--
-- Params:  none.
-- Returns: set_id reason is_parked count oldest.
SELECT set_id, reason, state = 'parked', count(*), min(since)
FROM pending_vector
GROUP BY 1, 2, 3;
