#!/usr/bin/env bash
# Fetches what the tests compare with and check by, without installing anything:
#   .deps/python   the references and the formatter pinned in tools/test-requirements.txt; import
#                  them with PYTHONPATH=.deps/python and Debian's own /usr/bin/python3
#   .deps/bin      promtool, taken out of Debian's package of that name, or of Debian 12's
#                  prometheus, because installing that would start a server on the port of our own
#                  metrics
# Idempotent; each folder appears by one rename.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly REQUIREMENTS=tools/test-requirements.txt
readonly PYTHON=/usr/bin/python3

# A wheel with machine code fits one version of Python: a new one means fetching again.
expected_stamp() {
  readlink -f "$PYTHON"
  cat "$REQUIREMENTS"
}

references_are_there() { expected_stamp | cmp -s - "$DEPS/python/.stamp"; }

promtool_is_there() { [[ -x $DEPS/bin/promtool ]]; }

fetch_references() {
  "$PYTHON" -m pip --version >/dev/null 2>&1 ||
    fail "$PYTHON has no pip" "run tools/install_packages.sh build"
  say "fetching $(grep -o '^[a-z-]*==[0-9.]*' "$REQUIREMENTS" | paste -sd' ')"
  "$PYTHON" -m pip --disable-pip-version-check install --quiet --no-deps --require-hashes \
    --only-binary=:all: --no-compile --root-user-action=ignore --target "$work/python" \
    -r "$REQUIREMENTS" ||
    fail "the references of the tests could not be fetched (pip's message is above)" \
      "check that pip reaches its index, then run tools/fetch_test_tools.sh"
  PYTHONPATH=$work/python "$PYTHON" -c 'import numpy, tokenizers' ||
    fail "the fetched references do not load in $("$PYTHON" --version)" \
      "use a version that $REQUIREMENTS pins"
  expected_stamp >"$work/python/.stamp"
  rm -rf "$DEPS/python"
  mv "$work/python" "$DEPS/python"
}

fetch_promtool() {
  say "fetching promtool"
  (
    cd "$work"
    # Where apt has no lists yet, it can be asked for nothing: get them and ask again.
    apt-get -qq download promtool 2>/dev/null || apt-get -qq download prometheus 2>/dev/null ||
      { apt-get -qq update && apt-get -qq download promtool; } ||
      apt-get -qq download prometheus
    mkdir bin
    dpkg-deb --fsys-tarfile prom*_*.deb | tar -x -C bin --strip-components=3 ./usr/bin/promtool
  ) || fail "promtool could not be fetched (the message is above)" \
    "check that apt-get download prometheus (or promtool) works, then run tools/fetch_test_tools.sh"
  "$work/bin/promtool" --version >/dev/null || fail "the fetched promtool does not run" \
    "read what .deps/bin/promtool says"
  rm -rf "$DEPS/bin"
  mv "$work/bin" "$DEPS/bin"
}

if references_are_there && promtool_is_there; then
  say "the tools of the tests are in .deps already"
  exit 0
fi
lock_deps
work=$(mktemp -d "$DEPS/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
references_are_there || fetch_references
promtool_is_there || fetch_promtool
say "the tools of the tests are in .deps/python and .deps/bin"
