#!/usr/bin/env bash
# run.sh start: from a bare machine to a running service with the samples loaded, and one search.
# run.sh stop:  ends the service that start began.
# The service keeps its records, log and process id in data/. DATASTORAGE_LISTEN moves it.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly LISTEN=${DATASTORAGE_LISTEN:-127.0.0.1:8080}
readonly SERVER=http://$LISTEN
readonly DATA=$ROOT/data
readonly LOG=data/service.log
readonly PID_FILE=data/service.pid
readonly PROGRAM=build/datastorage
readonly START_SECONDS_MAX=60
readonly STOP_SECONDS_MAX=40
# None of its words is in the record that should come first.
readonly QUESTION="two computers disagree about their current hour"

# own_pid: the process that this folder's start began, if it still runs.
own_pid() {
  local pid
  pid=$(cat "$PID_FILE" 2>/dev/null) || return 1
  grep -qz -F "$DATA" "/proc/$pid/cmdline" 2>/dev/null || return 1
  printf '%s\n' "$pid"
}

get() { curl --silent --fail --max-time 2 "$SERVER$1"; }

is_ready() { get /readyz >/dev/null; }

# Any program that takes connections there, ours or not.
port_is_taken() { (exec 3<>"/dev/tcp/${1%:*}/${1##*:}") 2>/dev/null; }

# Port 9090 is a common one: where it is taken, the metrics move; the API's port never does.
metrics_address() {
  if port_is_taken 127.0.0.1:9090; then
    printf '127.0.0.1:0\n'
  else
    printf '127.0.0.1:9090\n'
  fi
}

stop() {
  local pid
  if ! pid=$(own_pid); then
    say "no service of this folder is running"
    return
  fi
  say "stopping the service (process $pid)"
  kill -TERM "$pid"
  for ((waited = 0; waited < STOP_SECONDS_MAX * 10; waited++)); do
    if ! own_pid >/dev/null; then
      rm -f "$PID_FILE"
      say "stopped"
      return
    fi
    sleep 0.1
  done
  fail "process $pid has not ended in $STOP_SECONDS_MAX s" "read $LOG; kill -9 $pid loses no record"
}

start_service() {
  local metrics pid
  metrics=${DATASTORAGE_METRICS:-$(metrics_address)}
  say "starting the service on $SERVER (records in data/, log in $LOG)"
  mkdir -p data
  setsid "$PROGRAM" serve --data "$DATA" --listen "$LISTEN" --metrics "$metrics" \
    --model-dir "$DEPS/minilm" --drain-delay 0s >>"$LOG" 2>&1 </dev/null 9>&- &
  pid=$!
  printf '%s\n' "$pid" >"$PID_FILE"
  for ((waited = 0; waited < START_SECONDS_MAX * 10; waited++)); do
    if is_ready; then
      return
    fi
    if ! kill -0 "$pid" 2>/dev/null; then
      tail -n 20 "$LOG" >&2
      fail "the service ended while starting (the end of its log is above)" \
        "mend what it names, then run make run"
    fi
    sleep 0.1
  done
  tail -n 20 "$LOG" >&2
  fail "the service is not ready after $START_SECONDS_MAX s (the end of its log is above)" \
    "curl $SERVER/readyz says what is missing"
}

ensure_service() {
  if own_pid >/dev/null && [[ $PROGRAM -nt $PID_FILE ]]; then
    say "the program is newer than the running service"
    stop
  fi
  if get /version | grep -q '"version"'; then
    if own_pid >/dev/null; then
      say "the service answers on $SERVER already"
    else
      say "a datastorage that this folder did not start answers on $SERVER: using that"
    fi
  elif port_is_taken "$LISTEN"; then
    fail "another program answers on $LISTEN" \
      "end it, or choose a port: make run DATASTORAGE_LISTEN=127.0.0.1:8081"
  else
    start_service
  fi
}

start() {
  tools/build.sh release datastorage
  ensure_service
  say "loading samples/incidents.ndjson; what is stored already stays as it is"
  "$PROGRAM" import --server "$SERVER" samples/incidents.ndjson ||
    fail "the samples could not be loaded (the message is above)" "read $LOG, then run make run"
  say ""
  say "\$ build/datastorage search --mode semantic --limit 1 \"$QUESTION\""
  "$PROGRAM" search --server "$SERVER" --mode semantic --limit 1 "$QUESTION" ||
    fail "the search failed (the message is above)" "read $LOG, then run make run"
  say ""
  say "The service stays up on $SERVER; make stop ends it."
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  *) fail "say what to do" "run tools/run.sh start, or stop" ;;
esac
