#!/usr/bin/env bash
# dev.sh start: servers for a person to try the service on: PostgreSQL with pgvector, and Redis, on
#               loopback ports, kept in data/servers; says how to serve on them.
# dev.sh stop:  ends them; what they hold stays until data/servers is removed.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly FOLDER=${DEV_FOLDER:-$ROOT/data/servers}
readonly POSTGRES_PORT=${DEV_POSTGRES_PORT:-55432}
readonly REDIS_PORT=${DEV_REDIS_PORT:-56379}
readonly PASSWORD=datastorage
readonly START_SECONDS_MAX=30

newest_postgres() {
  local bin
  for bin in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
    if [[ -x $bin/initdb && -x $bin/postgres ]]; then
      printf '%s\n' "$bin"
      return
    fi
  done
  fail "PostgreSQL is not installed" "run tools/install_packages.sh test"
}

# PostgreSQL refuses to run as root.
as_server() {
  if [[ $(id -u) == 0 ]]; then
    setpriv --reuid=postgres --regid=postgres --init-groups "$@"
  else
    "$@"
  fi
}

# The server finds its extensions beside its own binary: with a copy of that, and links to all else,
# pgvector is there without being installed into the system.
make_installation() {
  local bin=$1 version root
  version=$(basename "$(dirname "$bin")")
  root=$FOLDER/usr
  rm -rf "$root"
  mkdir -p "$root/lib/postgresql/$version/bin" "$root/lib/postgresql/$version/lib" \
    "$root/share/postgresql/$version/extension"
  cp "$bin/postgres" "$root/lib/postgresql/$version/bin/"
  ln -s "$bin/../lib"/* "$root/lib/postgresql/$version/lib/"
  find "/usr/share/postgresql/$version" -mindepth 1 -maxdepth 1 ! -name extension \
    -exec ln -s {} "$root/share/postgresql/$version/" \;
  ln -s "/usr/share/postgresql/$version/extension"/* "$root/share/postgresql/$version/extension/"
  if [[ ! -e $root/lib/postgresql/$version/lib/vector.so ]]; then
    cp "$DEPS/pgvector/vector.so" "$root/lib/postgresql/$version/lib/"
    cp "$DEPS"/pgvector/vector*.sql "$DEPS/pgvector/vector.control" \
      "$root/share/postgresql/$version/extension/"
  fi
  printf '%s\n' "$root/lib/postgresql/$version/bin"
}

make_cluster() {
  local bin=$1
  [[ ! -e $FOLDER/postgres/PG_VERSION ]] || return 0
  say "making a database cluster in data/servers/postgres"
  printf '%s\n' "$PASSWORD" >"$FOLDER/password"
  if [[ $(id -u) == 0 ]]; then chown postgres "$FOLDER" "$FOLDER/password"; fi
  as_server "$bin/initdb" --pgdata="$FOLDER/postgres" --username=datastorage --encoding=UTF8 \
    --locale=C --auth-local=trust --auth-host=scram-sha-256 --pwfile="$FOLDER/password" \
    >"$FOLDER/initdb.log" || fail "initdb failed: data/servers/initdb.log" "mend what it names"
}

is_running() { [[ -e $1 ]] && kill -0 "$(head -n 1 "$1")" 2>/dev/null; }

ask_postgres() {
  PGPASSWORD=$PASSWORD psql --no-psqlrc --quiet --tuples-only --no-align \
    --host=127.0.0.1 --port="$POSTGRES_PORT" --username=datastorage --dbname=postgres \
    --command="$1" 2>/dev/null
}

start_postgres() {
  local bin server
  if is_running "$FOLDER/postgres/postmaster.pid"; then return; fi
  bin=$(newest_postgres)
  make_cluster "$bin"
  server=$(make_installation "$bin")
  as_server setsid "$server/postgres" -D "$FOLDER/postgres" -c port="$POSTGRES_PORT" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories="$FOLDER" \
    >>"$FOLDER/postgres.log" 2>&1 </dev/null 9>&- &
  for ((waited = 0; waited < START_SECONDS_MAX * 10; waited++)); do
    if ask_postgres "SELECT 1" >/dev/null; then break; fi
    sleep 0.1
  done
  ask_postgres "SELECT 1" >/dev/null ||
    fail "PostgreSQL does not answer on port $POSTGRES_PORT" "read data/servers/postgres.log"
  if [[ $(ask_postgres "SELECT count(*) FROM pg_database WHERE datname = 'audit'") == 0 ]]; then
    ask_postgres "CREATE DATABASE audit"
  fi
}

# Debian's redis-tools hold the server's program under another name only; it tells what to be by the
# name that it is called by.
redis_server() {
  local program
  if program=$(command -v redis-server || command -v valkey-server); then
    printf '%s\n' "$program"
    return
  fi
  ln -sf "$(command -v redis-check-rdb)" "$FOLDER/redis-server"
  printf '%s\n' "$FOLDER/redis-server"
}

start_redis() {
  if is_running "$FOLDER/redis.pid"; then return; fi
  "$(redis_server)" --daemonize yes --bind 127.0.0.1 --port "$REDIS_PORT" --dir "$FOLDER" \
    --pidfile "$FOLDER/redis.pid" --logfile "$FOLDER/redis.log" --save "" \
    --maxmemory 256mb --maxmemory-policy allkeys-lru >/dev/null ||
    fail "Redis could not be started" "read data/servers/redis.log"
}

start() {
  tools/install_packages.sh test
  tools/fetch_pgvector.sh
  mkdir -p "$FOLDER"
  as_server test -x "$FOLDER" ||
    fail "the user postgres cannot enter $FOLDER" \
      "name another folder: make dev DEV_FOLDER=/var/tmp/dev"
  start_postgres
  start_redis
  say "PostgreSQL with pgvector and Redis are up; make dev-stop ends them. Serve on them by"
  say "  build/datastorage serve \\"
  say "    --store postgresql://datastorage:$PASSWORD@127.0.0.1:$POSTGRES_PORT/audit \\"
  say "    --vectors pgvector --cache redis://127.0.0.1:$REDIS_PORT"
}

stop() {
  local file
  for file in "$FOLDER/postgres/postmaster.pid" "$FOLDER/redis.pid"; do
    if ! is_running "$file"; then continue; fi
    kill -INT "$(head -n 1 "$file")"
    for ((waited = 0; waited < START_SECONDS_MAX * 10; waited++)); do
      if ! is_running "$file"; then break; fi
      sleep 0.1
    done
  done
  say "the servers have ended; their data is in data/servers"
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  *) fail "say what to do" "run tools/dev.sh start, or stop" ;;
esac
