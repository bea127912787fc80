-- vector_sets: every vector set, also one that is being prepared.
--
-- Params:  none.
-- Returns: set_id engine space projection pending_rule state.
SELECT set_id, engine, space, projection, pending_rule, state FROM vector_set ORDER BY set_id;
