-- disk_space: lets the service see how full the server's disks are, and warn before they are full.
-- Optional; for a superuser, once in the service's database, where the service does not run on the
-- server's own machine: PostgreSQL itself does not know. {role} is the service's quoted role. It
-- runs df on the server, with fixed arguments only; the role gets nothing but the two numbers.
CREATE UNLOGGED TABLE IF NOT EXISTS disk_space_line (line text NOT NULL);
REVOKE ALL ON disk_space_line FROM PUBLIC;

-- Of the file system that is fullest among those of the data, the log and the tablespaces.
CREATE OR REPLACE FUNCTION disk_space(OUT free_bytes bigint, OUT total_bytes bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
  LOCK TABLE disk_space_line;
  DELETE FROM disk_space_line;
  COPY disk_space_line
  FROM PROGRAM
    'df -P -k . pg_wal $(ls -d pg_tblspc/*/ 2>&-) | awk "NR > 1 { print \$2, \$4 }"';
  SELECT split_part(line, ' ', 2)::bigint * 1024, split_part(line, ' ', 1)::bigint * 1024
  INTO free_bytes, total_bytes
  FROM disk_space_line
  ORDER BY split_part(line, ' ', 2)::float8 / greatest(split_part(line, ' ', 1)::float8, 1)
  LIMIT 1;
END
$$;
REVOKE EXECUTE ON FUNCTION disk_space() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION disk_space() TO {role};
