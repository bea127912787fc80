#!/usr/bin/env bash
# build.sh PRESET [NINJA-TARGET...]: installs and fetches what building needs, configures the preset
# in build/PRESET and builds it. The release's program is left at build/datastorage.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

preset=${1:?build.sh PRESET [NINJA-TARGET...]}
shift
tools/install_packages.sh "$([[ $preset == release ]] && echo build || echo test)"
tools/fetch_model.sh
configure_and_build "$preset" "$@"
if [[ $preset == release ]]; then
  ln -sfn release/datastorage build/datastorage
  say "built build/datastorage"
fi
