-- insert_vector_set: registers a set.
--
-- Params:  engine space projection pending_rule state.
-- Returns: nothing; the rowid is the set's id.
INSERT INTO vector_set (engine, space, projection, pending_rule, state)
VALUES (?, ?, ?, ?, ?);
