#!/usr/bin/env bash
# check.sh [--deep] [MODEL...]: searches every model exhaustively, whole and without each guard.
# Whole, it must hold; without a guard, the invariant that the guard is for must fail. Prints a line
# a search; exits 1 where any is not as expected. --deep adds larger searches (minutes, 2 GB).
# Needs spin and gcc; works in a temporary folder.

set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")"
models=$PWD

# Bounds of one search. One that reaches any of them proves nothing, and so fails the check.
readonly DEPTH_MAX=20000 MEMORY_MB_MAX=1000 SECONDS_MAX=300
readonly DEEP_MEMORY_MB_MAX=4000 DEEP_SECONDS_MAX=3000

fail() {
  printf '\nerror: %s\n  next: %s\n' "$1" "$2" >&2
  exit 1
}

is_deep=false
if [[ ${1:-} == --deep ]]; then
  is_deep=true
  shift
fi
chosen=("$@")
for name in "${chosen[@]}"; do
  [[ -f $name.pml ]] || fail "there is no model/$name.pml" "name models without folder and ending"
done
for tool in spin gcc; do
  command -v "$tool" >/dev/null ||
    fail "$tool is missing, which checks the models" "run tools/install_packages.sh test"
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

run_count=0
wrong_count=0

is_chosen() {
  [[ ${#chosen[@]} -eq 0 || " ${chosen[*]} " == *" $1 "* ]]
}

# search MODEL FLAG...: leaves pan's output in $folder/out. Its exit code is not asked: what was
# found is read from the output.
search() {
  local memory=$MEMORY_MB_MAX seconds=$SECONDS_MAX model=$1
  shift
  if $is_deep; then memory=$DEEP_MEMORY_MB_MAX seconds=$DEEP_SECONDS_MAX; fi
  rm -rf "$folder"/*
  cp "$models/$model.pml" "$folder/model.pml"
  (
    cd "$folder"
    spin -a "${@/#/-D}" model.pml >out 2>&1 || exit 0
    gcc -O1 -w -DSAFETY -DCOLLAPSE -DMEMLIM="$memory" -o pan pan.c >>out 2>&1 || exit 0
    timeout "$seconds" ./pan -m"$DEPTH_MAX" >>out 2>&1 ||
      [[ $? -ne 124 ]] || echo "out of time" >>out
  )
}

# verdict: `holds`, `fails: INVARIANT`, or why nothing was proven.
verdict() {
  local out=$folder/out violated
  if violated=$(grep -om1 'violates_[A-Za-z0-9_]*' < <(grep -F 'assertion violated' "$out")); then
    printf 'fails: %s\n' "${violated#violates_}"
  elif grep -q 'errors: [1-9]' "$out"; then
    printf 'fails: %s\n' "$(sed -n 's/^pan:[0-9]*: \(.*\) (at depth.*/\1/p' "$out" | head -n 1)"
  elif grep -qi 'max search depth too small' "$out"; then
    printf 'depth bound reached\n'
  elif grep -qiE 'out of memory|reached -DMEMLIM|memory bound' "$out"; then
    printf 'memory bound reached\n'
  elif grep -q '^out of time' "$out"; then
    printf 'time bound reached\n'
  elif ! grep -q 'errors: 0' "$out" || grep -q 'Search not completed' "$out"; then
    printf 'not searched: %s\n' "$(head -n 1 "$out")"
  else
    printf 'holds\n'
  fi
}

# expect VERDICT STATES-MIN MODEL FLAG...: with fewer states the search passed the point by.
expect() {
  local expected=$1 states_min=$2 model=$3 seen states seconds note='' begun
  shift 3
  is_chosen "$model" || return 0
  begun=$EPOCHREALTIME
  search "$model" "$@"
  seconds=$(awk -v from="$begun" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }')
  seen=$(verdict)
  states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' "$folder/out" | head -n 1)
  run_count=$((run_count + 1))
  if [[ $seen != "$expected" ]]; then
    note='  <- not as expected'
  elif [[ ${states:-0} -lt $states_min ]]; then
    note="  <- fewer than $states_min states: what was searched?"
  fi
  if [[ -n $note ]]; then wrong_count=$((wrong_count + 1)); fi
  printf '%-10s %-44s %-28s %-28s %9s %7s%s\n' "$model" "${*:-(whole)}" "$expected" "$seen" \
    "${states:-–}" "$seconds" "$note"
}

# holds STATES-MIN MODEL FLAG...; about half of the states that were seen when it was written.
holds() { expect holds "$@"; }
# fails INVARIANT MODEL FLAG...
fails() { expect "fails: $1" 1 "${@:2}"; }

printf '%-10s %-44s %-28s %-28s %9s %7s\n' model variant expected seen states seconds

holds 700000 write TWOSTRICT UPDATE
holds 1300000 write UPDATE ERASE RECONCILE
holds 1000000 write CREATE UPDATE EMBEDLATER
holds 350000 write UPDATE TWOUPDATES
holds 170000 write UPDATE TWORELAYS
fails I3 write UPDATE NOCAS
fails I2 write UPDATE NOGUARD MAXFAULTS=0
fails I3 write UPDATE NOTOMB
fails I2 write UPDATE NOFENCE
fails I3 write UPDATE STALEFENCE
fails I2 write UPDATE TWOUPDATES STAMPEARLY
fails I8 write UPDATE LOSTISFAILED
fails I6 write UPDATE EARLYSYNCED

holds 250 read
holds 300 read STRICT
fails found read VECFIRST
fails I4 read STRICT NOHYDRATE
fails score read NORESCORE

holds 500 refresh
holds 600 refresh STRICT
fails I6 refresh EARLY
fails I6 refresh ANYREFRESH
fails I6 refresh STRICT EARLY
fails I6 refresh STRICT ANYREFRESH

holds 200 sets
holds 250 sets STRICT
fails I2 sets ONEROW
fails I2 sets NOLOCK
fails I2 sets STRICT NOTADDED

holds 70000 embed
fails I2 embed UNGUARDED
fails I2 embed SAMESTAMP
fails one_stamp_one_content embed SENDOWN

holds 450000 inprocess
fails I2 inprocess ENTERLATE
fails I2 inprocess LEAVEEARLY
fails I2 inprocess NOHANDOVER
fails I2 inprocess BLINDUPDATE
fails found inprocess INDEXFIRST

holds 1000 durable
fails durable durable ASYNCT1

holds 50000 restore
fails I6 restore NORAISE
fails I2 restore KEEPROWS
fails I2 restore NOENQUEUE

holds 15 keys
fails I7 keys CLAIMLATE
fails I7 keys FREEEARLY
fails freed keys NEVERFREED

for way in SHOWN ORPHAN ADOPTED UNINDEXED; do
  fails "${way,,}" original "$way"
done

if $is_deep; then
  holds 4000000 write TWOSTRICT UPDATE ERASE ONET0
  holds 1000000 write TWOSTRICT ERASE RECONCILE ONET0
  holds 6000000 write CREATE UPDATE TWOUPDATES EMBEDLATER ONET0 MAXCRASHES=0
  holds 500000 write UPDATE ERASE ONET0 MAXCRASHES=2 MAXFAULTS=2
  holds 2500000 write UPDATE ERASE TWORELAYS ONET0
  holds 700000 write UPDATE ERASE RECONCILE EMBEDLATER ONET0
  holds 350000 embed PATCHES=3
fi

[[ $run_count -gt 0 ]] || fail "nothing was searched" "name a model that check.sh lists"
if [[ $wrong_count -gt 0 ]]; then
  fail "$wrong_count of $run_count searches were not as expected (marked above)" \
    "read the model's comment; spin -a -DVARIANT and pan by hand give the trail"
fi
printf '%s searches, each as expected\n' "$run_count"
