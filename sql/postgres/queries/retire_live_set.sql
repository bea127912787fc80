-- retire_live_set: retires the set that answers searches, for the sake of another.
--
-- Params:  set_id of the other, the state that it must be in.
-- Returns: nothing.
-- Runs in: a transaction that holds lock_sets_alone, before change_set_state.
UPDATE vector_set SET state = 'retired'
WHERE state = 'live' AND EXISTS (
  SELECT FROM vector_set AS other
  WHERE other.set_id = $1::bigint AND other.state = $2::text
);
