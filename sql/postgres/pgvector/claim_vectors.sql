-- claim_vectors: marks the tables as those of a set.
--
-- Params:  the set.
-- Returns: the set whose mark they bear.
-- Runs in: a transaction of its own.
SELECT claim_vectors($1::bigint);
