#!/bin/bash
# Praxi beside ONNX Runtime and OpenVINO, pinned to the first processors; prints ratios and writes
# tests/bench/results/cpu-<processor>-<level>.md.
#
#   tests/bench/peers.sh [--install] [MODEL…]
#
# --install makes the virtual environment with the peers (1 GB); without it they have to be in
# $PRAXI_PEERS_VENV. MODEL as peers.py says; the default is what is bundled and five light and heavy
# networks of the zoo. THREADS, ROUNDS, SECONDS_EACH (round) and PRAXI come from the environment.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=${PRAXI_PEERS_VENV:-$HOME/.cache/praxiscope/peers}
if [ "${1:-}" = --install ]; then
  shift
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet numpy onnx onnxruntime openvino nncf
fi
[ -x "$venv/bin/python" ] || { echo "peers: no $venv; call with --install" >&2; exit 1; }
praxi=${PRAXI:-build/app/praxi}
[ -x "$praxi" ] || { echo "peers: no $praxi; build first, or set PRAXI" >&2; exit 1; }
threads=${THREADS:-2}
models=("$@")
[ ${#models[@]} -gt 0 ] || models=(light original zoo:mobilenetv3-small:size=112
  zoo:mobilenetv3-small zoo:x3d-s zoo:x3d-m zoo:r2plus1d-18 zoo:slowfast-r50 zoo:i3d)
name=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1 | tr -cs 'A-Za-z0-9\n' - | sed 's/-*$//')
level=$("$praxi" devices | sed -n 's/^cpu .*(\([a-z0-9-]*\)).*/\1/p')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p tests/bench/results
taskset -c "0-$((threads - 1))" "$venv/bin/python" tests/bench/peers.py "$praxi" "${models[@]}" --int8 \
  --threads "$threads" --rounds "${ROUNDS:-5}" --seconds "${SECONDS_EACH:-1}" --work "$work" \
  --markdown "tests/bench/results/cpu-${name,,}-$level.md"
