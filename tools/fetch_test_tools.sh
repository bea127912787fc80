#!/usr/bin/env bash
# Fetches what the reference tests import, pinned in tools/test-requirements.txt, into .deps/python
# (use it with PYTHONPATH=.deps/python and Debian's own /usr/bin/python3). Idempotent and atomic.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly REQUIREMENTS=tools/test-requirements.txt
readonly PYTHON=/usr/bin/python3

# A wheel with machine code fits one version of Python: a new one means fetching again.
expected_stamp() {
  "$PYTHON" --version | cut -d. -f1,2
  cat "$REQUIREMENTS"
}

is_there() { expected_stamp | cmp -s - "$DEPS/python/.stamp"; }

if is_there; then
  say "the references of the tests are in .deps already"
  exit 0
fi
"$PYTHON" -m pip --version >/dev/null 2>&1 ||
  fail "$PYTHON has no pip" "run tools/install_packages.sh build"
lock_deps
is_there && exit 0
work=$(mktemp -d "$DEPS/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
say "fetching $(grep -o '^[a-z]*==[0-9.]*' "$REQUIREMENTS" | paste -sd' ')"
"$PYTHON" -m pip --disable-pip-version-check install --quiet --no-deps --require-hashes \
  --only-binary=:all: --no-compile --root-user-action=ignore --target "$work/python" \
  -r "$REQUIREMENTS" ||
  fail "the references of the tests could not be fetched (pip's message is above)" \
    "check that pip reaches its index, then run tools/fetch_test_tools.sh"
PYTHONPATH=$work/python "$PYTHON" -c 'import numpy, tokenizers' ||
  fail "the fetched references do not load in $PYTHON" \
    "check that $("$PYTHON" --version) is one that $REQUIREMENTS pins"
expected_stamp >"$work/python/.stamp"
rm -rf "$DEPS/python"
mv "$work/python" "$DEPS/python"
say "the references of the tests are in .deps/python"
