-- highest_point_stamp: the highest stamp that is held. An index on it would cost every change of a
-- point its change in place, and this is asked at starts and by the reconciler only.
--
-- Params:  none.
-- Returns: stamp (0: nothing is held).
-- Runs in: a snapshot of its own.
SELECT coalesce(max(stamp), 0) FROM vector_point;
