-- backfill_intents: leaves an intent row for every strict creation under way, with its lease.
--
-- Params:  set_id, due_at where no other set has a row, since.
-- Returns: nothing.
-- Uses:    natural_key_of_intent.
INSERT INTO pending_vector (set_id, record_id, stamp, state, due_at, attempts, reason, since)
SELECT
  ?,
  k.id,
  k.intent_stamp,
  'intent',
  coalesce(
    (
      SELECT max(p.due_at)
      FROM vector_set AS s
      JOIN pending_vector AS p ON p.set_id = s.set_id AND p.record_id = k.id
      WHERE p.state = 'intent'
    ),
    ?
  ),
  0,
  'not_yet',
  ?
FROM natural_key AS k
WHERE k.intent_stamp IS NOT NULL;
