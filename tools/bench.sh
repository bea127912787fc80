#!/usr/bin/env bash
# bench.sh speed:     builds and runs the benchmarks.
# bench.sh postgres:  what a write costs on PostgreSQL; BENCH_OPTIONS are those of the program.
# bench.sh large:     the same up to a million records.
# bench.sh two-servers: what one costs with the vectors on a second PostgreSQL; BENCH_OPTIONS too.
# bench.sh relevance: how well search finds: the paraphrases over the samples and, where CORPUS or
#                     DS_TEST_CORPUS names a folder of labelled texts, that corpus too.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

speed() {
  tools/build.sh bench
  local program
  for program in build/bench/*_benchmark; do
    [[ -f $program && -x $program ]] || continue
    say "== $(basename "$program")"
    "$program"
  done
}

# on_postgres PROGRAM [OPTION...]
on_postgres() {
  local options=()
  read -ra options <<<"${BENCH_OPTIONS:-}"
  tools/build.sh bench datastorage http_load commit_load
  tools/fetch_pgvector.sh
  python3 "bench/postgres/$1" "${@:2}" "${options[@]}"
}

relevance() {
  local corpus=${CORPUS:-${DS_TEST_CORPUS:-}}
  tools/build.sh release datastorage
  say "== paraphrases of the samples"
  python3 bench/relevance/paraphrases.py
  if [[ -z $corpus ]]; then
    say "no folder of labelled texts given (make relevance CORPUS=FOLDER): that part was not run"
    return
  fi
  say "== $corpus"
  python3 bench/relevance/relevance.py "$corpus"
}

case "${1:-}" in
  speed) speed ;;
  postgres) on_postgres benchmark.py ;;
  large) on_postgres benchmark.py --sizes 10000,100000,1000000 ;;
  two-servers) on_postgres two_servers.py ;;
  relevance) relevance ;;
  *) fail "say what to measure" "run tools/bench.sh speed|postgres|large|two-servers|relevance" ;;
esac
