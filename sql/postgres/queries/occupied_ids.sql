-- occupied_ids: new ids that something but a record stands in the way of: an erasure, of the id or
-- of its natural key, an intent, a pending row. As a rule none; id_uses and others tell more.
--
-- Params:  arrays of id key_hash.
-- Returns: id.
-- Uses:    the primary keys, natural_key_of_intent, pending_vector_of_record. OFFSET keeps each a
--          look-up of its own: the planner could read the whole table instead.
-- Runs in: the transaction of a commit.
SELECT u.id
FROM unnest($1::uuid[], $2::bytea[]) AS u (id, key_hash)
WHERE EXISTS (SELECT FROM erased_key WHERE erased_key.key_hash = u.key_hash OFFSET 0)
  OR EXISTS (SELECT FROM erasure WHERE erasure.id = u.id OFFSET 0)
  OR EXISTS (SELECT FROM pending_vector WHERE pending_vector.record_id = u.id OFFSET 0)
  OR EXISTS (
    SELECT FROM natural_key WHERE natural_key.id = u.id AND intent_stamp <> 0 OFFSET 0
  );
