-- retire_prepared_sets: gives up every set that is being prepared, but for the one that is wanted;
-- none where that is registered already.
--
-- Params:  engine space projection pending_rule of the one that is wanted.
-- Returns: nothing.
-- Runs in: a transaction that holds lock_sets_alone.
UPDATE vector_set AS s SET state = 'retired'
WHERE s.state = 'preparing'
  AND (s.engine, s.space, s.projection, s.pending_rule)
  <> ($1::text, $2::text, $3::text, $4::text)
  AND NOT EXISTS (
    SELECT FROM vector_set AS known
    WHERE known.engine = $1 AND known.space = $2 AND known.projection = $3
      AND known.state IN ('filling', 'live')
  );
