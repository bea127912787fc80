-- draw_stamps: so many stamps, in rising order.
--
-- Params:  how many.
-- Returns: stamp.
-- Runs in: the transaction that uses them, after all of its rows are locked: another writer of one
--          of them must not draw a later one and commit first.
SELECT nextval('stamp') FROM generate_series(1, $1::bigint);
