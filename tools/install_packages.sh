#!/usr/bin/env bash
# install_packages.sh build|test: installs the Debian packages listed in tools/packages-*.txt that
# are missing, as root or through sudo. Where all are there it says so and does not call apt.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case "${1:-}" in
  build) lists=(tools/packages-build.txt) ;;
  test) lists=(tools/packages-build.txt tools/packages-test.txt) ;;
  *) fail "say which packages" "run tools/install_packages.sh build, or test" ;;
esac

# wanted: one line a package, with its alternatives.
wanted() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "${lists[@]}"; }

# missing: the wanted lines of which no alternative is installed. One dpkg-query for all.
missing() {
  local installed line name
  installed=" $(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null |
    sed -n 's/^installed //p' | tr '\n' ' ') "
  while read -r line; do
    for name in ${line//|/ }; do
      [[ $installed != *" $name "* ]] || continue 2
    done
    printf '%s\n' "$line"
  done < <(wanted)
}

# chosen LINE: the first alternative that apt can install. It knows more names: those that some
# other package mentions.
chosen() {
  local name policy
  for name in ${1//|/ }; do
    policy=$(LC_ALL=C apt-cache policy "$name")
    if [[ $policy == *'  Candidate: '[!\(]* ]]; then
      printf '%s\n' "$name"
      return
    fi
  done
  fail "apt knows none of: $1" "use Debian 12 or 13, or name the package in ${lists[*]}"
}

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  else
    sudo "$@"
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -qq -o DPkg::Lock::Timeout=120 \
    -o Dpkg::Use-Pty=0 "$@"
}

if ! command -v dpkg-query >/dev/null; then
  fail "this is not Debian: dpkg-query is missing" \
    "install the counterparts of the packages in ${lists[*]} by hand"
fi
lines=$(missing)
if [[ -z $lines ]]; then
  say "the packages for $1 are installed already"
  exit 0
fi
if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
  fail "packages are missing and neither root nor sudo is at hand: ${lines//$'\n'/ }" \
    "run tools/install_packages.sh $1 as root"
fi

say "apt: fetching the package lists"
apt_get update || say "apt-get update failed (above); going on with the lists at hand"
names=()
while read -r line; do
  # An assignment of its own, so that a failure inside ends the script.
  name=$(chosen "$line")
  names+=("$name")
done <<<"$lines"

# The package of a PostgreSQL server makes a cluster and starts it, unless told not to: the tests
# bring their own. A cluster that is there is left alone; the word is taken back afterwards.
no_cluster=/etc/postgresql-common/createcluster.d/datastorage-tests.conf
if [[ " ${names[*]} " == *" postgresql-"[0-9]* ]]; then
  trap 'as_root rm -f "$no_cluster"' EXIT
  as_root mkdir -p "${no_cluster%/*}"
  echo "create_main_cluster = false" | as_root tee "$no_cluster" >/dev/null
fi

say "apt: installing ${names[*]}"
if ! apt_get install --no-install-recommends "${names[@]}"; then
  say "that failed; mending dpkg's state, fetching the lists again and trying once more"
  as_root dpkg --configure -a || true
  apt_get update || true
  apt_get install --no-install-recommends "${names[@]}" ||
    fail "apt could not install the packages (its message is above)" \
      "mend what apt names, then run tools/install_packages.sh $1"
fi
lines=$(missing)
[[ -z $lines ]] || fail "still missing after the installation: ${lines//$'\n'/ }" \
  "run apt-get install for each by hand and read what it says"
say "apt: done"
