-- service: what the role of a running service may do. History is added to, never changed; content
-- is removed through erase_content only. {role} is the role's quoted name. Repeatable.
GRANT SELECT ON schema_migration, record_now, record_other, vector_mark TO {role};
GRANT SELECT, INSERT, UPDATE ON record TO {role};
GRANT SELECT, INSERT ON record_version, erasure, erased_key, erased_attempt TO {role};
GRANT SELECT, INSERT, DELETE ON embedding TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON natural_key, idempotency_key, pending_vector TO {role};
GRANT SELECT, INSERT, DELETE ON word_sample, word_sample_total TO {role};
GRANT SELECT, INSERT, UPDATE ON vector_set, setting TO {role};
GRANT USAGE, SELECT, UPDATE ON SEQUENCE stamp TO {role};
REVOKE EXECUTE ON FUNCTION make_partitions(timestamptz, integer), erase_content(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION make_partitions(timestamptz, integer), erase_content(uuid[]) TO {role};
