-- backfill_intents: leaves an intent row for every strict creation under way, with its lease, in
-- the set that is being prepared.
--
-- Params:  due_at where no other set has a row, and since.
-- Returns: nothing.
-- Uses:    natural_key_of_intent, pending_vector_of_record.
-- Runs in: the transaction of prepare_set: from its end on, commits look for the row.
INSERT INTO pending_vector (set_id, record_id, stamp, state, due_at, attempts, reason, since)
SELECT
  s.set_id,
  k.id,
  k.intent_stamp,
  'intent',
  coalesce(
    (
      SELECT max(p.due_at) FROM pending_vector AS p
      WHERE p.record_id = k.id AND p.state = 'intent'
    ),
    $1::timestamptz
  ),
  0,
  'not_yet',
  $1
FROM vector_set AS s CROSS JOIN natural_key AS k
WHERE s.state = 'preparing' AND k.intent_stamp IS NOT NULL
ORDER BY k.id
ON CONFLICT (set_id, record_id) DO NOTHING;
