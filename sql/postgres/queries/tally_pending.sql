-- tally_pending: how many rows are pending, why, and since when.
--
-- Params:  none.
-- Returns: set_id reason is_parked count oldest.
SELECT p.set_id, p.reason, p.state = 'parked', count(*), min(p.since)
FROM pending_vector AS p
JOIN vector_set AS s ON s.set_id = p.set_id AND s.state IN ('filling', 'live')
GROUP BY 1, 2, 3;
