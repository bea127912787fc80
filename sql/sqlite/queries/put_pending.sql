-- put_pending: leaves a due row; an existing one takes the later stamp and starts anew.
--
-- Params:  set_id record_id stamp due_at reason since.
-- Returns: nothing.
-- Runs in: the transaction of a commit.
INSERT INTO pending_vector (set_id, record_id, stamp, state, due_at, attempts, reason, since)
VALUES (?, ?, ?, 'due', ?, 0, ?, ?)
ON CONFLICT (set_id, record_id) DO UPDATE
SET stamp = max(stamp, excluded.stamp), state = 'due', due_at = excluded.due_at, attempts = 0,
  reason = excluded.reason;
