-- prepare_set: begins a set that commits leave rows in and nobody else sees yet, unless there is
-- one like it.
--
-- Params:  engine space projection pending_rule.
-- Returns: nothing; vector_sets tells.
-- Runs in: a transaction that holds lock_sets_alone, after retire_prepared_sets.
INSERT INTO vector_set (engine, space, projection, pending_rule, state)
SELECT $1::text, $2::text, $3::text, $4::text, 'preparing'
WHERE NOT EXISTS (
  SELECT FROM vector_set
  WHERE engine = $1 AND space = $2 AND projection = $3 AND state <> 'retired'
);
