-- text_structure_size: how long the structure of the text index is.
--
-- Params:  none.
-- Returns: bytes.
SELECT length(block) FROM record_text_data WHERE id = 10;
