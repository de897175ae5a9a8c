#!/bin/sh
# The recipe with praxi alone. Nothing is written but OUT.
#
# usage: make.sh [--folds K] [--seeds "0 1 2"] [--threads N] PRAXI DATA OUT
#
#   PRAXI  the program            DATA  a folder with labels.csv
#   OUT    statistics.onnx, flow-SEED.onnx, joined.onnx (all of them in one), student.onnx (one of
#          the nets, which learned from all, in INT8). Of the labels the split "train" is learned
#          from; "val" chooses nothing.
#
# With --folds every model is made K times, NAME-1.onnx to NAME-K.onnx, each without the footage of
# one fold and judged by it; then original and light, which are joined and student with their scores
# fitted to what the other folds hold out. NAME.txt has the figures, NAME.csv the scores. Where the
# folds were made before, a run without --folds fits its two models to all that they held out.
# What is there already is not made again, so a run that was cut off goes on with the next model.
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

# judge NAME OPTIONS…
judge() {
  name=$1
  shift
  [ -s "$out/$name.txt" ] && return
  say "$praxi" train --data "$data" --folds "$folds" --scores "$out/$name.csv" \
    --threads "$threads" "$@"
  mv "$out/part.txt" "$out/$name.txt"
}

# fit NAME FROM: both by folds
fit() {
  judge "$1" --judge "$out/$2.onnx" --calibrate --out "$out/$1.onnx"
}

# fit_whole NAME FROM: the whole one, by what the folds of FROM held out
fit_whole() {
  [ -s "$out/$2-1.onnx" ] || return 0
  n=1
  while [ -s "$out/$2-$((n + 1)).onnx" ]; do n=$((n + 1)); done
  [ -s "$out/$1.onnx" ] ||
    "$praxi" train --data "$data" --folds "$n" --judge "$out/$2.onnx" --calibrate \
      --from "$out/$2.onnx" --out "$out/$1.onnx" --threads "$threads"
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
  [ -s "$out/joined$1.onnx" ] || "$praxi" join --mirror $parts --out "$out/joined$1.onnx"
}

# One net that learns a little more, now from the scores of all, and becomes INT8.
# lighten END OPTIONS…
lighten() {
  end=$1
  shift
  [ -s "$out/student$end.onnx" ] ||
    "$praxi" lighten "$out/joined$end.onnx" --student "$out/flow-${seeds%% *}$end.onnx" \
      --student-epochs 8 --student-average 0.98 --distill --quantize int8 --data "$data" \
      --threads "$threads" --out "$out/student$end.onnx" "$@"
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
  fit_whole original joined
  fit_whole light student
  exit
fi
fold=1
while [ "$fold" -le "$folds" ]; do
  join "-$fold"
  lighten "-$fold" --fold "$fold/$folds"
  fold=$((fold + 1))
done
judge joined --judge "$out/joined.onnx"
fit original joined
judge student --judge "$out/student.onnx"
fit light student
