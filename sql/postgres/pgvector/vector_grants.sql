-- vector_grants: what the role of a running service may do with what pgvector keeps. {role} is the
-- role's quoted name. Repeatable.
GRANT SELECT, UPDATE ON vector_mark TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON vector_point, vector_head, vector_body TO {role};
REVOKE EXECUTE ON FUNCTION claim_vectors(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_vectors(bigint) TO {role};
