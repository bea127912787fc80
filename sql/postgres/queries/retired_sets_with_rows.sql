-- retired_sets_with_rows: the sets whose pending rows nobody needs any more.
--
-- Params:  none.
-- Returns: set_id.
SELECT s.set_id
FROM vector_set AS s
WHERE s.state = 'retired'
  AND EXISTS (SELECT FROM pending_vector AS p WHERE p.set_id = s.set_id)
ORDER BY s.set_id;
