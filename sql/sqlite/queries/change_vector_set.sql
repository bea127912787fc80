-- change_vector_set: changes the state of a set.
--
-- Params:  state set_id.
-- Returns: nothing.
UPDATE vector_set SET state = ? WHERE set_id = ?;
