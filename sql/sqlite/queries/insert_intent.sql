-- insert_intent: leaves an intent row, in place of any row there.
--
-- Params:  set_id record_id stamp due_at since.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
INSERT INTO pending_vector (set_id, record_id, stamp, state, due_at, attempts, reason, since)
VALUES (?, ?, ?, 'intent', ?, 0, 'not_yet', ?)
ON CONFLICT (set_id, record_id) DO UPDATE
SET stamp = excluded.stamp, state = 'intent', due_at = excluded.due_at, attempts = 0,
  reason = excluded.reason;
