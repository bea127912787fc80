-- setting: the value kept under a name.
--
-- Params:  name.
-- Returns: value; no row when there is none.
SELECT value FROM setting WHERE name = $1::text;
