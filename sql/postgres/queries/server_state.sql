-- server_state: what an operator should see to before it fails.
--
-- Params:  none.
-- Returns: is_in_recovery; how many standbys a commit does not wait for; records that no month's
--          partition takes, counting no further than 1,000; sessions, and how many the server takes
--          of us; the folders of its data where the role may know them and the server is on the
--          same machine as its client, else NULL; whether the role may ask disk_space().
-- A role without pg_read_all_stats sees of a standby only that it is there.
SELECT
  pg_is_in_recovery(),
  (
    SELECT count(*)
    FROM pg_stat_replication
    WHERE coalesce(state IN ('streaming', 'catchup'), TRUE)
      AND (
        current_setting('synchronous_standby_names') = ''
        OR current_setting('synchronous_commit') IN ('local', 'off')
        OR sync_state = 'async'
      )
  ),
  (SELECT count(*) FROM (SELECT FROM record_other LIMIT 1000) AS unplaced),
  (SELECT coalesce(sum(numbackends), 0)::bigint FROM pg_stat_database),
  current_setting('max_connections')::bigint
    - current_setting('superuser_reserved_connections')::bigint,
  CASE
    WHEN coalesce(inet_server_addr() = inet_client_addr(), TRUE)
      AND pg_has_role(current_user, 'pg_read_all_settings', 'usage')
    THEN ARRAY[current_setting('data_directory'), current_setting('data_directory') || '/pg_wal']
      || ARRAY(
        SELECT location
        FROM pg_tablespace
        CROSS JOIN LATERAL pg_tablespace_location(oid) AS location
        WHERE location <> ''
      )
  END,
  coalesce(has_function_privilege(to_regprocedure('disk_space()'), 'execute'), FALSE);
