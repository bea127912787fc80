# Shared by the scripts of this folder: where things are, how they speak, how they fail.
# Source it; it changes to the project's root.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
DEPS=$ROOT/.deps
# The largest unit of a sanitizer's preset takes 1.1 GB to compile.
readonly JOB_MEMORY_KB=1250000
# dpkg's own programs, where a bare environment names only the users' folders.
PATH=$PATH:/usr/sbin:/sbin
# git refuses a tree that belongs to another user, as a clone mounted into a container does.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=$ROOT

say() { printf '%s\n' "$*"; }

# fail MESSAGE NEXT-STEP: what went wrong, then what to do about it.
fail() {
  printf '\nerror: %s\n  next: %s\n' "$1" "$2" >&2
  exit 1
}

# Debian's Python first: the pinned wheels are its.
python_with_pip() {
  local python
  for python in /usr/bin/python3 python3; do
    if "$python" -m pip --version >/dev/null 2>&1; then
      printf '%s\n' "$python"
      return
    fi
  done
  return 1
}

# One writer at a time in .deps; whoever waits finds the work done.
lock_deps() {
  mkdir -p "$DEPS"
  exec 9>"$DEPS/.lock"
  flock -w 900 9 || fail "another fetch has held $DEPS/.lock for 15 minutes" \
    "end it, then run this again"
}

# set_compiler_cache: clones in different folders share what they compiled. Where the home folder is
# missing or cannot be written to, which ccache takes for a failure, each clone has its own cache.
set_compiler_cache() {
  export CCACHE_BASEDIR=$ROOT CCACHE_NOHASHDIR=1
  [[ -z ${CCACHE_DIR:-} ]] || return 0
  CCACHE_DIR=${HOME:-}/.cache/ccache
  if [[ -z ${HOME:-} ]] || ! mkdir -p "$CCACHE_DIR" 2>/dev/null || [[ ! -w $CCACHE_DIR ]]; then
    CCACHE_DIR=$ROOT/build/ccache
  fi
  export CCACHE_DIR
}

# job_count: how many compilers or tests run at once. A container's share of processors and memory
# is not what nproc tells; a compiler that the kernel kills for want of memory leaves no message.
job_count() {
  local count quota period memory_kb cgroup_byte_count
  count=$(nproc)
  if read -r quota period 2>/dev/null </sys/fs/cgroup/cpu.max && [[ $quota =~ ^[0-9]+$ ]]; then
    quota=$(((quota + period - 1) / period))
    count=$((quota < count ? quota : count))
  fi
  memory_kb=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo)
  if read -r cgroup_byte_count 2>/dev/null </sys/fs/cgroup/memory.max &&
    [[ $cgroup_byte_count =~ ^[0-9]+$ ]]; then
    cgroup_byte_count=$((cgroup_byte_count / 1024))
    memory_kb=$((cgroup_byte_count < memory_kb ? cgroup_byte_count : memory_kb))
  fi
  memory_kb=$((memory_kb / JOB_MEMORY_KB))
  count=$((memory_kb < count ? memory_kb : count))
  printf '%s\n' $((count > 0 ? count : 1))
}

# configure PRESET [CMAKE-OPTION...]: quiet where all is well; a failure shows its output.
configure() {
  local log=build/configure-$1.log
  mkdir -p build
  set_compiler_cache
  cmake --preset "$@" >"$log" 2>&1 || {
    cat "$log"
    fail "cmake could not configure the preset $1 (its output is above)" \
      "mend what it names; if it is a left-over, remove build/$1 and repeat"
  }
}

# configure_and_build PRESET [NINJA-TARGET...]
configure_and_build() {
  local preset=$1
  shift
  configure "$preset"
  say "building $preset"
  ninja -j "$(job_count)" -C "build/$preset" "$@" ||
    fail "the build of $preset failed (the compiler's message is above)" "mend it and repeat"
}
