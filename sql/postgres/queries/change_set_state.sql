-- change_set_state: takes a set from one state to another.
--
-- Params:  set_id, from, to.
-- Returns: nothing; the count of changed rows tells whether it was there.
-- Runs in: a transaction that holds lock_sets_alone.
UPDATE vector_set SET state = $3::text WHERE set_id = $1::bigint AND state = $2::text;
