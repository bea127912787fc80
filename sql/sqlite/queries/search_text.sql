-- search_text: records that hold any of the words, best first.
--
-- Params:  the FTS5 query, those of the filter, then how many at most.
-- Returns: id bm25 (higher is better).
--
-- The parts of names count a fifth: at full weight they are counted twice over, once in their word,
-- and what people wrote ranks worse for it.
SELECT r.id, -bm25(record_text, 1, 1, 1, 1, 0.2) AS score
FROM record_text
JOIN record_now AS r ON r.no = record_text.rowid
WHERE record_text MATCH ? AND ({filter})
ORDER BY score DESC, r.id
LIMIT ?;
