#!/usr/bin/env bash
# Puts an OpenSearch with k-NN together from what tools/opensearch-artifacts.txt pins, in
# .deps/opensearch: nothing is installed, the tests start private nodes of it
# (test/support/opensearch_server.h). Idempotent; the folder appears by one rename.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly ARTIFACTS=tools/opensearch-artifacts.txt
readonly PLUGIN=org.apache.maven.plugins:maven-dependency-plugin:3.6.1

expected_stamp() { sha256sum "$ARTIFACTS" tools/fetch_opensearch.sh; }

if expected_stamp | cmp -s - "$DEPS/opensearch/.stamp"; then
  say "OpenSearch is in .deps/opensearch already"
  exit 0
fi

# pins: the lines of the artifacts without comments.
pins() { grep -v '^#' "$ARTIFACTS"; }

# file_of COORDINATES: the name under which Maven leaves it.
file_of() {
  local group artifact version type
  IFS=: read -r group artifact version type <<<"$1"
  printf '%s-%s.%s\n' "$artifact" "$version" "$type"
}

# A project that is nothing but the list: one run of Maven fetches all, and nothing they depend on.
write_project() {
  local sum coordinates group artifact version type
  cat <<XML
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>datastorage</groupId><artifactId>opensearch</artifactId><version>1</version>
  <packaging>pom</packaging>
  <build><plugins><plugin>
    <groupId>${PLUGIN%%:*}</groupId><artifactId>maven-dependency-plugin</artifactId>
    <version>${PLUGIN##*:}</version>
    <configuration>
      <outputDirectory>\${project.basedir}/files</outputDirectory>
      <artifactItems>
XML
  pins | while read -r sum coordinates; do
    IFS=: read -r group artifact version type <<<"$coordinates"
    printf '<artifactItem><groupId>%s</groupId><artifactId>%s</artifactId>' "$group" "$artifact"
    printf '<version>%s</version><type>%s</type></artifactItem>\n' "$version" "$type"
  done
  printf '</artifactItems></configuration></plugin></plugins></build></project>\n'
}

sums_match() {
  local sum coordinates
  pins | while read -r sum coordinates; do
    printf '%s  %s\n' "$sum" "$work/files/$(file_of "$coordinates")"
  done | sha256sum --check --quiet
}

# What modules of the distribution come with: a descriptor, and what the module may do.
write_painless() {
  local module=$home/modules/lang-painless
  mkdir "$module"
  sed -e 's/^name=.*/name=lang-painless/' -e 's/^description=.*/description=Painless/' \
    -e 's/^classname=.*/classname=org.opensearch.painless.PainlessPlugin/' \
    "$home/modules/transport-netty4/plugin-descriptor.properties" \
    >"$module/plugin-descriptor.properties"
  cat >"$module/plugin-security.policy" <<'POLICY'
grant {
  permission java.lang.RuntimePermission "createClassLoader";
  permission java.lang.RuntimePermission "getClassLoader";
};
POLICY
  cp "$work"/files/*.jar "$module/"
}

command -v mvn >/dev/null || fail "there is no mvn" "run tools/install_packages.sh test"
lock_deps
work=$(mktemp -d "$DEPS/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
say "fetching OpenSearch and k-NN"
write_project >"$work/pom.xml"
mvn --quiet --batch-mode -Dstyle.color=never --file "$work/pom.xml" "$PLUGIN:copy" ||
  fail "OpenSearch could not be fetched (Maven's message is above)" \
    "check that mvn reaches its repository, then run tools/fetch_opensearch.sh"
sums_match || fail "an archive is not the pinned one (above)" "compare it with $ARTIFACTS"

/usr/bin/python3 -m zipfile -e "$work"/files/opensearch-2.*.zip "$work"
home=$(find "$work" -mindepth 1 -maxdepth 1 -name 'opensearch-*' -type d)
/usr/bin/python3 -m zipfile -e "$work"/files/opensearch-knn-*.zip "$home/plugins/opensearch-knn"
write_painless
chmod -R a+rX "$home"
expected_stamp >"$home/.stamp"
rm -rf "$DEPS/opensearch"
mv "$home" "$DEPS/opensearch"
say "OpenSearch is in .deps/opensearch"
