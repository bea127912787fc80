#!/usr/bin/env bash
# Formats every C++ file in place; with --check changes nothing and fails where it would.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

command -v clang-format-14 >/dev/null ||
  fail "clang-format-14 is missing" "run tools/install_packages.sh test"
cxx_files() { find src test bench -name '*.h' -o -name '*.cc' | sort; }

case "${1:-}" in
  '')
    cxx_files | xargs -r clang-format-14 --style=file -i
    ;;
  --check)
    # The first place of each file; clang-format tells every one.
    report=$(cxx_files | xargs -r clang-format-14 --style=file --dry-run 2>&1) || true
    places=$(grep ': warning: \|: error: ' <<<"$report" | sort -t: -s -u -k1,1 |
      cut -d: -f1,2) || true
    [[ -z $places ]] || fail "not formatted, from these lines on:"$'\n'"$places" "run make format"
    say "every C++ file is formatted"
    ;;
  *) fail "unknown argument: $1" "run tools/format.sh [--check]" ;;
esac
