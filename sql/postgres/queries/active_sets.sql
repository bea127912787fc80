-- active_sets: the vector sets that writes leave pending rows in.
--
-- Params:  none.
-- Returns: set_id space pending_rule.
-- Runs in: the transaction of a commit, after lock_sets.
SELECT set_id, space, pending_rule FROM vector_set WHERE state <> 'retired' ORDER BY set_id;
