#!/usr/bin/env bash
# Formats every C++ file in place; with --check changes nothing and fails where it would.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly FORMATTER=$DEPS/python/clang_format/data/bin/clang-format
[[ -x $FORMATTER ]] || fail "clang-format is missing" "run tools/fetch_test_tools.sh"
cxx_files() { find src test bench -name '*.h' -o -name '*.cc' | sort; }

case "${1:-}" in
  '')
    cxx_files | xargs -r "$FORMATTER" --style=file -i
    ;;
  --check)
    # The first place of each file; clang-format tells every one.
    report=$(cxx_files | xargs -r "$FORMATTER" --style=file --dry-run 2>&1) || true
    places=$(grep ': warning: \|: error: ' <<<"$report" | sort -t: -s -u -k1,1 |
      cut -d: -f1,2) || true
    [[ -z $places ]] || fail "not formatted, from these lines on:"$'\n'"$places" "run make format"
    say "every C++ file is formatted"
    ;;
  *) fail "unknown argument: $1" "run tools/format.sh [--check]" ;;
esac
