-- delete_pending_of_set: removes the pending rows of a set that retires.
--
-- Params:  set_id.
-- Returns: nothing.
DELETE FROM pending_vector WHERE set_id = ?;
