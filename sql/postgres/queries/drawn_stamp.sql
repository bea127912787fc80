-- drawn_stamp: the stamp that was drawn last. To read the sequence like a table will not do: it
-- shows a higher one for a moment, while a stamp is drawn.
--
-- Params:  none.
-- Returns: stamp, NULL when none was drawn since the sequence was made or restarted; the last one
--          before it was.
SELECT pg_sequence_last_value('stamp'::regclass), (SELECT last_value - 1 FROM stamp);
