-- active_sets: the vector sets that writes leave pending rows in, and what a set of pgvector needs
-- whose vectors are in this database.
--
-- Params:  none.
-- Returns: set_id space pending_rule engine, is_head_full (NULL: the tables are not the set's) and
--          the type of an array's elements (NULL: the extension is missing).
-- Runs in: the transaction of a commit, after lock_sets. The tables stay the set's until its end.
SELECT s.set_id, s.space, s.pending_rule, s.engine, m.is_head_full,
  CASE WHEN m.set_id IS NOT NULL THEN to_regtype('halfvec')::oid::bigint END
FROM vector_set AS s
LEFT JOIN vector_mark AS m ON m.set_id = s.set_id AND s.engine = 'pgvector'
WHERE s.state <> 'retired'
ORDER BY s.set_id;
