-- backfill_pending: leaves a due row, under its own stamp, for every record of the next page that
-- has a text to embed, unless a writer has left one already.
--
-- Params:  set_id, the id before the page, how many records it has, due_at and since.
-- Returns: the last id of the page; no row after the last page.
--
-- A set that is not being prepared any more gets nothing: whoever gave it up deletes its rows, and
-- waits for the share lock first. A record that changes meanwhile may keep the older stamp: what is
-- sent is read, with its stamp, when it is sent.
WITH prepared AS MATERIALIZED (
  SELECT set_id FROM vector_set WHERE set_id = $1::bigint AND state = 'preparing' FOR SHARE
), page AS MATERIALIZED (
  SELECT id, stamp, text_hash IS NOT NULL AS has_text
  FROM record
  WHERE id > $2::uuid
  ORDER BY id
  LIMIT $3::bigint
), put AS (
  INSERT INTO pending_vector (set_id, record_id, stamp, state, due_at, attempts, reason, since)
  SELECT prepared.set_id, page.id, page.stamp, 'due', $4::timestamptz, 0, 'backfill', $4
  FROM prepared CROSS JOIN page
  WHERE page.has_text
  ORDER BY page.id
  ON CONFLICT (set_id, record_id) DO NOTHING
)
SELECT id FROM page ORDER BY id DESC LIMIT 1;
