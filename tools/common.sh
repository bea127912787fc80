# Shared by the scripts of this folder: where things are, how they speak, how they fail.
# Source it; it changes to the project's root.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
DEPS=$ROOT/.deps

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

# configure PRESET: quiet where all is well; a failure shows its output.
configure() {
  local log=build/configure-$1.log
  # Clones in different folders share what they compiled.
  export CCACHE_DIR=${CCACHE_DIR:-$HOME/.cache/ccache} CCACHE_BASEDIR=$ROOT CCACHE_NOHASHDIR=1
  mkdir -p build
  cmake --preset "$1" >"$log" 2>&1 || {
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
  ninja -C "build/$preset" "$@" ||
    fail "the build of $preset failed (the compiler's message is above)" "mend it and repeat"
}
