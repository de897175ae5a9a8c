#!/bin/sh
# The recipe with praxi alone. Nothing is written but OUT.
#
# usage: make.sh [--folds K] [--seeds "0 1 2"] [--threads N] PRAXI DATA OUT
#
#   PRAXI  the program            DATA  a folder with labels.csv
#   OUT    statistics.onnx, flow-SEED.onnx, original.onnx (all of them joined), light.onnx (one of
#          them that learned from all, in INT8). Of the labels the split "train" is learned from;
#          "val" chooses nothing.
#
# With --folds every model is made K times, NAME-1.onnx to NAME-K.onnx, each without the footage of
# one fold and judged by it: NAME.txt has the figures, NAME.csv the scores. What is there already is
# not made again, so a run that was cut off goes on with the next model.
set -eu

folds=0 seeds="0 1 2" threads=1
while [ $# -gt 3 ]; do
  case "$1" in
    --folds) folds=$2 ;;
    --seeds) seeds=$2 ;;
    --threads) threads=$2 ;;
    *) break ;;
  esac
  shift 2
done
if [ $# -ne 3 ]; then
  sed -n '4,6s/^# //p' "$0" >&2
  exit 2
fi
praxi=$1 data=$2 out=$3
mkdir -p "$out"

# Files appear whole: a model by praxi, a text by its last step.
say() {
  "$@" >"$out/part.txt"
  cat "$out/part.txt"
}

# train NAME OPTIONS…
train() {
  name=$1
  shift
  if [ "$folds" -gt 0 ]; then
    [ -s "$out/$name.txt" ] && return
    say "$praxi" train --data "$data" --folds "$folds" --out "$out/$name.onnx" \
      --scores "$out/$name.csv" --threads "$threads" "$@"
    mv "$out/part.txt" "$out/$name.txt"
  elif [ ! -s "$out/$name.onnx" ]; then
    "$praxi" train --data "$data" --last --out "$out/$name.onnx" --threads "$threads" "$@"
  fi
}

# judge NAME
judge() {
  say "$praxi" train --data "$data" --folds "$folds" --judge "$out/$1.onnx" \
    --scores "$out/$1.csv" --threads "$threads"
  mv "$out/part.txt" "$out/$1.txt"
}

# As many shares for the statistics as for all nets together: named that often, they cost nothing.
# The nets judge the mirrored motion too.
# join END (of the files' names, "" or "-FOLD")
join() {
  parts=
  for seed in $seeds; do
    parts="$parts $out/flow-$seed$1.onnx $out/statistics$1.onnx"
  done
  # shellcheck disable=SC2086 # OUT has no blanks when it is split here
  [ -s "$out/original$1.onnx" ] || "$praxi" join --mirror $parts --out "$out/original$1.onnx"
}

# One net that learns a little more, now from the scores of all, and becomes INT8.
# lighten END OPTIONS…
lighten() {
  end=$1
  shift
  [ -s "$out/light$end.onnx" ] ||
    "$praxi" lighten "$out/original$end.onnx" --student "$out/flow-${seeds%% *}$end.onnx" \
      --student-epochs 8 --student-average 0.98 --distill --quantize int8 --data "$data" \
      --threads "$threads" --out "$out/light$end.onnx" "$@"
}

case "$out" in
  *[[:space:]]*) echo "make.sh: OUT: give a folder without blanks in its name" >&2; exit 2 ;;
esac

train statistics --arch flow-statistics --epochs 40 --seed 0
for seed in $seeds; do
  train "flow-$seed" --arch flow-light --epochs 40 --mixup 0.4 --average 0.99 --seed "$seed"
done
if [ "$folds" -eq 0 ]; then
  join ""
  lighten ""
  "$praxi" compare --original "$out/original.onnx" --light "$out/light.onnx" --data "$data" \
    --threads "$threads"
  exit
fi
fold=1
while [ "$fold" -le "$folds" ]; do
  join "-$fold"
  lighten "-$fold" --fold "$fold/$folds"
  fold=$((fold + 1))
done
judge original
judge light
