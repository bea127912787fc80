#!/usr/bin/env bash
# test.sh all: everything that must be green, cheapest first, up to the first step that is not.
# ctest of the development build comes last, so its summary ends the output.
# test.sh asan|tsan|fuzz|simulate|fault|demo-dual-write|clang-tidy|clang-tidy-changed: one of its
# parts, or what takes longer than it.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Left out are folders whose tests take minutes already without a sanitizer.
readonly ASAN_FOLDERS=(base domain schema ports engine codes sqlite scan minilm lexical memory_cache
  redis net http client cli app contract)
readonly TSAN_FOLDERS=(base engine sqlite scan memory_cache redis contract)
readonly SANITIZED_TEST_SECONDS_MAX=300
readonly FUZZ_SECONDS=${FUZZ_SECONDS:-15}
readonly FUZZ_RUNS=300000
readonly TIDY_FILES_MAX=20

# step NAME COMMAND...: runs it and says how long it took.
step() {
  local name=$1 begun=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  "$@"
  say "== $name: $((SECONDS - begun)) s"
}

prepare() {
  tools/install_packages.sh test
  tools/fetch_model.sh
  tools/fetch_test_tools.sh
  tools/fetch_pgvector.sh
  tools/fetch_opensearch.sh
}

tree() {
  /usr/bin/python3 tools/tidy.py
  tools/format.sh --check
}

# build_united PRESET NINJA-TARGET...: presets of the sanitizers compile several files of a folder
# as one. Where that fails, names of two files may have met: then each alone, which takes longer.
build_united() {
  local preset=$1
  shift
  configure "$preset"
  say "building $preset"
  if ninja -j "$(job_count)" -C "build/$preset" "$@"; then return; fi
  say "the build of $preset failed (above); once more, with each file compiled alone"
  configure "$preset" -DDS_UNITE=OFF
  ninja -j "$(job_count)" -C "build/$preset" "$@" ||
    fail "the build of $preset failed (the compiler's message is above)" "mend it and repeat"
  say "two files of a folder define one name: see ds_unite in cmake/UnityGroups.cmake"
}

# sanitized PRESET FOLDER...: builds and runs the tests of those folders under the preset.
sanitized() {
  local preset=$1 folder targets=()
  shift
  configure "$preset"
  for folder in "$@"; do
    if ninja -C "build/$preset" -t query "test_$folder" >/dev/null 2>&1; then
      targets+=("test_$folder")
    fi
  done
  build_united "$preset" "${targets[@]}"
  # OpenVINO's thread library ends the process at start under a sanitizer, unless told of it.
  export TBB_ENABLE_SANITIZERS=1
  # Minutes of one thread's arithmetic or disk, which the development build's run covers.
  local left_out='PowerCut|DiskFaults|ScanRecall|OverOpenSearch|InOpensearch'
  # Under the thread sanitizer each opening of the model takes many seconds, and its threads are
  # not ours: `make tsan TSAN_MODEL=1` runs them too.
  if [[ $preset == tsan && -z ${TSAN_MODEL:-} ]]; then left_out+='|EmbedderContract.*minilm'; fi
  run_ctest "$preset" -E "$left_out" --timeout "$SANITIZED_TEST_SECONDS_MAX" \
    -L "^($(IFS='|' && printf '%s' "$*"))\$" ||
    fail "tests fail under the preset $preset (above)" "ctest --test-dir build/$preset -R NAME -V"
}

# One test more than there are processors: most of those with servers wait for a disk.
run_ctest() {
  local preset=$1
  shift
  ctest --test-dir "build/$preset" --output-on-failure --no-tests=error \
    -j "$(($(job_count) + 1))" "$@" </dev/null
}

asan() { sanitized asan "${ASAN_FOLDERS[@]}"; }
tsan() { sanitized tsan "${TSAN_FOLDERS[@]}"; }

# fuzz_target NAME OPTION...: what is found goes to the first folder; the committed corpus is only
# read.
fuzz_target() {
  local name=$1 found=build/fuzz/corpus/$1
  shift
  mkdir -p "$found" "test/fuzz/corpus/$name"
  if ! TBB_ENABLE_SANITIZERS=1 "build/fuzz/fuzz_$name" "$@" \
    -timeout=10 -rss_limit_mb=2048 -artifact_prefix="build/fuzz/$name-" \
    "$found" "test/fuzz/corpus/$name" >"build/fuzz/$name.log" 2>&1 </dev/null; then
    tail -n 60 "build/fuzz/$name.log"
    fail "the fuzz target $name found a failure (above)" \
      "build/fuzz/fuzz_$name FILE repeats it, with the FILE named above"
  fi
  say "$name: $(tail -n 1 "build/fuzz/$name.log")"
}

# fuzz_targets OPTION...: each target is one thread: as many at a time as there are processors.
fuzz_targets() {
  local sources=(test/fuzz/*_fuzz.cc) source running=0 failed=0 count
  count=$(job_count)
  say "fuzzing ${#sources[@]} targets with $*, $count at a time"
  for source in "${sources[@]}"; do
    if ((running == count)); then
      wait -n || failed=1
      running=$((running - 1))
    fi
    fuzz_target "$(basename "$source" _fuzz.cc)" "$@" &
    running=$((running + 1))
  done
  for ((; running > 0; running--)); do
    wait -n || failed=1
  done
  return "$failed"
}

# With other inputs at each call, from what earlier calls found.
fuzz() {
  build_united fuzz fuzzers
  fuzz_targets -max_total_time="$FUZZ_SECONDS"
}

# What a change breaks must be told of that change: the same inputs at each call, from the
# committed corpus alone.
fuzz_again() {
  build_united fuzz fuzzers
  rm -rf build/fuzz/corpus
  fuzz_targets -seed=1 -runs="$FUZZ_RUNS" -max_total_time=60
}

# Half of the seeds to each of two processes; a history that breaks a promise is told, made small.
simulate() {
  local count=${SIM_SEEDS:-1000000} first=${SIM_FIRST:-1} half jobs=() job failed=0
  configure_and_build dev test_sim
  half=$(((count + 1) / 2))
  for job in 0 1; do
    DS_SIM_FIRST=$((first + job * half)) DS_SIM_SEEDS=$half \
      build/dev/test_sim --gtest_filter='Simulator.Keeps*' >"build/simulate-$job.log" 2>&1 &
    jobs+=($!)
  done
  for job in 0 1; do wait "${jobs[$job]}" || failed=1; done
  grep -hv '^{' build/simulate-0.log build/simulate-1.log
  ((failed == 0)) || fail "a simulated history broke a promise (above)" \
    "DS_SIM_SEED=N DS_SIM_PLAN=P (above) build/dev/test_sim --gtest_filter=TEST prints its trace"
}

# Against real servers, more than an hour: the release's program, as users run it, and that with
# failpoints.
fault() {
  configure_and_build dev test_failpoints
  step "failpoint matrix" python3 test/fault/failpoints.py --lanes 2
  step "the simulator's mutants on real servers" python3 test/fault/protocol_mutants.py
  tools/build.sh release
  # As many as the slowest machine's storm may create: a node takes minutes to start there.
  local records=400000
  step "storm" python3 test/fault/storm.py --kills "${FAULT_KILLS:-100}" --records "$records"
  step "storm, vectors on a second server" python3 test/fault/storm.py --vectors separate \
    --kills "${FAULT_KILLS:-100}" --records "$records"
  step "storm, vectors in OpenSearch" python3 test/fault/storm.py --vectors opensearch \
    --kills "${FAULT_NODE_KILLS:-20}" --rate-min 0 --records "$records"
  step "storm, vectors in three nodes of OpenSearch" python3 test/fault/storm.py \
    --vectors opensearch-cluster --kills "${FAULT_NODE_KILLS:-20}" --rate-min 0 \
    --records "$records"
  step "OpenSearch, one node of three killed, one stopped" \
    python3 test/fault/opensearch_nodes.py --rounds 2 --seconds 60
  step "server of vectors away" \
    python3 test/fault/vectors_away.py --seconds "${FAULT_AWAY_SECONDS:-600}"
  step "OpenSearch away" \
    python3 test/fault/vectors_away.py --vectors opensearch --seconds "${FAULT_AWAY_SECONDS:-600}"
  step "a move to another server of vectors" python3 test/fault/move.py
  step "storm, the mutant that commits asynchronously" \
    python3 test/fault/storm.py --mutant --victims postgres --kills 3 --rate-min 0
  step "damage to the index, and records put back under it" python3 test/fault/reconcile.py
  step "damage to vectors beside the records" \
    python3 test/fault/reconcile.py --vectors pgvector
  step "rolling restarts" python3 test/fault/replicas.py --seconds "${FAULT_SECONDS:-600}"
  step "restore and promotion, by the runbook" python3 test/fault/restore.py
}

# Its last line is JSON, and stays the last.
demo_dual_write() {
  tools/build.sh release
  python3 test/fault/dual_write_demo.py --kills "${DEMO_KILLS:-8}"
}

# tidy_files FILE...: clang-tidy on each, several at once.
tidy_files() {
  # Generated headers must exist before a file that includes them is parsed.
  configure_and_build dev
  printf '%s\n' "$@" |
    xargs -P "$(job_count)" -n 1 clang-tidy-19 -p build/dev --quiet \
      --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-sign-conversion \
      2> >(grep -v 'warnings generated\|Suppressed\|Use -header-filter' >&2 || true) ||
    fail "clang-tidy names faults (above)" "mend them; NOLINT(rule) with a reason where it is wrong"
  say "clang-tidy: $# files are clean"
}

clang_tidy_all() {
  local files
  mapfile -t files < <(find src test -name '*.cc' -not -path 'test/fuzz/*' \
    -not -path 'test/fault/*' | sort)
  tidy_files "${files[@]}"
}

# What main's previous commit is from here: the branch point, or on main itself the parent.
comparison_base() {
  local base
  base=$(git merge-base HEAD origin/main 2>/dev/null) || base=
  if [[ -z $base || $base == "$(git rev-parse HEAD)" ]]; then
    base=$(git rev-parse --verify --quiet HEAD~1) || return 1
  fi
  printf '%s\n' "$base"
}

clang_tidy_changed() {
  local base files
  if ! base=$(comparison_base); then
    say "no earlier commit is at hand to compare with: clang-tidy has no changed files to check"
    return
  fi
  mapfile -t files < <(git diff --name-only --diff-filter=d "$base" -- 'src/*.cc' 'test/*.cc' \
    ':!test/fuzz' ':!test/fault')
  if [[ ${#files[@]} -eq 0 ]]; then
    say "no C++ file changed since $(git rev-parse --short "$base")"
    return
  fi
  if [[ ${#files[@]} -gt $TIDY_FILES_MAX ]]; then
    say "${#files[@]} files changed; checking $TIDY_FILES_MAX of them, make clang-tidy checks all"
    files=("${files[@]:0:TIDY_FILES_MAX}")
  fi
  tidy_files "${files[@]}"
}

all() {
  step "packages and downloads" prepare
  step "rules of the tree, format" tree
  step "development build" configure_and_build dev
  step "clang-tidy on changed files" clang_tidy_changed
  step "address and undefined-behaviour sanitizers" asan
  step "thread sanitizer" tsan
  step "fuzzing" fuzz_again
  printf '\n== tests (%s s so far)\n' "$SECONDS"
  run_ctest dev
}

case "${1:-}" in
  all) all ;;
  asan)
    prepare
    asan
    ;;
  tsan)
    prepare
    tsan
    ;;
  fuzz)
    prepare
    fuzz
    ;;
  simulate)
    prepare
    simulate
    ;;
  fault)
    prepare
    fault
    ;;
  demo-dual-write)
    prepare
    demo_dual_write
    ;;
  clang-tidy)
    prepare
    clang_tidy_all
    ;;
  clang-tidy-changed)
    prepare
    clang_tidy_changed
    ;;
  *)
    fail "say which tests" \
      "run tools/test.sh all, or one of the parts that its first lines name"
    ;;
esac
