-- vector_sets: every vector set.
--
-- Params:  none.
-- Returns: set_id engine space projection state.
SELECT set_id, engine, space, projection, state FROM vector_set ORDER BY set_id;
