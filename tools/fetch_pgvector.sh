#!/usr/bin/env bash
# Builds pgvector from Debian's source package into .deps/pgvector: vector.so, vector.control and
# its SQL. Nothing is installed into the system's server; the tests' private servers are given these
# files (test/support/postgres_server.h). Idempotent; the folder appears by one rename.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly VERSION=0.8.0
# The suite whose source package has this version, and what the upstream archive must be.
readonly SUITE=trixie
readonly SHA256=867a2c328d4928a5a9d6f052cd3bc78c7d60228a9b914ad32aa3db88e9de27b0
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# The server it is built for: the newest that is installed.
pg_config=$(find /usr/lib/postgresql/*/bin/pg_config 2>/dev/null | sort -V | tail -n 1) || true
[[ -n $pg_config ]] || fail "no PostgreSQL server is installed" "run tools/install_packages.sh test"
expected_stamp() { printf '%s %s %s\n' "$VERSION" "$SHA256" "$("$pg_config" --version)"; }

if expected_stamp | cmp -s - "$DEPS/pgvector/.stamp"; then
  say "pgvector $VERSION is in .deps/pgvector already"
  exit 0
fi

# The mirror that apt uses here already; its suite replaced.
mirror() {
  apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' 2>/dev/null |
    sed -n 's/ Debian$//p' | grep -v security | head -n 1
}

lock_deps
work=$(mktemp -d "$DEPS/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
uri=$(mirror)
[[ -n $uri ]] || fail "apt has no lists of Debian" "run apt-get update, then this again"
mkdir -p "$work"/{lists/partial,cache/archives/partial,source}
printf 'deb-src [signed-by=%s] %s %s main\n' "$KEYRING" "$uri" "$SUITE" >"$work/src.list"
apt_options=(-qq -o "Dir::Etc::SourceList=$work/src.list" -o Dir::Etc::SourceParts=/dev/null
  -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)

say "fetching the source of pgvector $VERSION"
(
  cd "$work/source"
  apt-get "${apt_options[@]}" update
  apt-get "${apt_options[@]}" --download-only source pgvector
) || fail "the source of pgvector could not be fetched (apt's message is above)" \
  "check that apt reaches $SUITE, then run tools/fetch_pgvector.sh"
archive=$(find "$work/source" -name "pgvector_$VERSION.orig.tar.*" | head -n 1)
[[ -n $archive ]] || fail "$SUITE has another version than $VERSION" "pin that one here"
printf '%s  %s\n' "$SHA256" "$archive" | sha256sum --check --quiet ||
  fail "pgvector's archive is not the pinned one" "compare it with the one that is pinned"

say "building pgvector $VERSION"
mkdir "$work/build" "$work/pgvector"
tar -x -C "$work/build" --strip-components=1 -f "$archive"
make -C "$work/build" -s -j2 OPTFLAGS="" with_llvm=no PG_CONFIG="$pg_config" \
  >"$work/make.log" 2>&1 ||
  { cat "$work/make.log"; fail "pgvector does not compile (above)" "mend what the compiler names"; }
cp "$work/build/vector.so" "$work/build/vector.control" "$work/build/sql/vector--$VERSION.sql" \
  "$work/build/LICENSE" "$work/pgvector/"
chmod -R a+rX "$work/pgvector"
expected_stamp >"$work/pgvector/.stamp"
rm -rf "$DEPS/pgvector"
mv "$work/pgvector" "$DEPS/pgvector"
say "pgvector $VERSION for $("$pg_config" --version) is in .deps/pgvector"
