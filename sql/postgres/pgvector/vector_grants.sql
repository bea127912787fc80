-- vector_grants: what the role of a running service may do with what pgvector keeps. {role} is the
-- role's quoted name. Repeatable.
GRANT SELECT, UPDATE ON vector_mark TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON vector_point, vector_head, vector_body TO {role};
GRANT SELECT ON vector_segment TO {role};
REVOKE EXECUTE ON FUNCTION claim_vectors(bigint), build_segment(bigint),
  merge_segments(bigint, integer, bigint), drop_retired_segments(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_vectors(bigint), build_segment(bigint),
  merge_segments(bigint, integer, bigint), drop_retired_segments(bigint) TO {role};
