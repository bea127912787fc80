-- limit_lock_wait: how long the rest of the transaction waits for a lock.
--
-- Params:  milliseconds, as text.
-- Returns: nothing of use.
SELECT set_config('lock_timeout', $1::text, true);
