-- intent_of_record: the intent that an id stands for.
--
-- Params:  id.
-- Returns: kind key intent_stamp; no row when there is none.
-- Uses:    natural_key_of_intent.
-- Runs in: the transaction of a commit.
SELECT kind, key, intent_stamp FROM natural_key WHERE id = ? AND intent_stamp IS NOT NULL;
