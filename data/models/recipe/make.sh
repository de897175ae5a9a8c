#!/bin/sh
# The recipe with praxi alone. Nothing is written but OUT.
#
# usage: make.sh [--folds K] [--seeds "0 1 2"] [--mocap DIR] [--threads N] PRAXI DATA OUT
#
#   PRAXI  the program            DATA  a folder with labels.csv
#   DIR    recorded motions: falls and what looks like one are drawn from them, for student to learn
#   OUT    statistics.onnx, flow-SEED.onnx, joined.onnx (all of them in one), student.onnx (one of
#          the nets, which learned from all, in INT8). Of the labels the split "train" is learned
#          from; "val" chooses nothing. OUT/motion keeps the motion of the footage from command to
#          command (some 2 GB); nobody needs it afterwards.
#
# With --folds every model is made K times, NAME-1.onnx to NAME-K.onnx, each without the footage of
# one fold and judged by it; then original and light, which are joined and student with their scores
# fitted to what the other folds hold out. NAME.txt has the figures, NAME.csv the scores,
# NAME-curves.csv what thresholds find, which curves.py draws. Where the folds were made before, a run
# without --folds fits its two models to all that they held out.
# What is there already is not made again, so a run that was cut off goes on with the next model.
set -eu

folds=0 seeds="0 1 2" mocap="" threads=1
# False events an hour that thresholds allow; fights keep the usual one, which no other was better than.
alarms=fall=20
terms="weights as the project; trained on footage under MIT, CC BY 4.0 and BSD-3-Clause"
while [ $# -gt 3 ]; do
  case "$1" in
    --folds) folds=$2 ;;
    --seeds) seeds=$2 ;;
    --mocap) mocap=$2 ;;
    --threads) threads=$2 ;;
    *) break ;;
  esac
  shift 2
done
if [ $# -ne 3 ]; then
  sed -n '4,7s/^# //p' "$0" >&2
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
      --scores "$out/$name.csv" --curves "$out/$name-curves.csv" --cache "$out/motion" \
      --threads "$threads" "$@"
    mv "$out/part.txt" "$out/$name.txt"
  elif [ ! -s "$out/$name.onnx" ]; then
    "$praxi" train --data "$data" --last --out "$out/$name.onnx" --cache "$out/motion" \
      --threads "$threads" "$@"
  fi
}

# judge NAME OPTIONS…
judge() {
  name=$1
  shift
  [ -s "$out/$name.txt" ] && return
  say "$praxi" train --data "$data" --folds "$folds" --scores "$out/$name.csv" \
    --curves "$out/$name-curves.csv" --threads "$threads" "$@"
  mv "$out/part.txt" "$out/$name.txt"
}

# fit NAME FROM TERMS: both by folds
fit() {
  judge "$1" --judge "$out/$2.onnx" --calibrate --alarms "$alarms" --out "$out/$1.onnx" \
    --licence "$3, see the model card"
}

# fit_whole NAME FROM TERMS: the whole one, by what the folds of FROM held out
fit_whole() {
  [ -s "$out/$2-1.onnx" ] || return 0
  n=1
  while [ -s "$out/$2-$((n + 1)).onnx" ]; do n=$((n + 1)); done
  [ -s "$out/$1.onnx" ] ||
    "$praxi" train --data "$data" --folds "$n" --judge "$out/$2.onnx" --calibrate \
      --alarms "$alarms" --licence "$3, see the model card" --from "$out/$2.onnx" \
      --out "$out/$1.onnx" --threads "$threads"
}

# Of fights, as many shares for the statistics as for all nets together: named that often, they cost
# nothing. The nets judge the mirrored motion too.
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
  # shellcheck disable=SC2086 # more is two words or none
  [ -s "$out/student$end.onnx" ] ||
    "$praxi" lighten "$out/joined$end.onnx" --student "$out/flow-${seeds%% *}$end.onnx" \
      --student-epochs 8 --student-average 0.98 --distill --quantize int8 --data "$data" \
      $more --cache "$out/motion" --threads "$threads" --out "$out/student$end.onnx" "$@"
}

case "$out" in
  *[[:space:]]*) echo "make.sh: OUT: give a folder without blanks in its name" >&2; exit 2 ;;
esac

more=
if [ -n "$mocap" ]; then
  [ -s "$out/drawn/labels.csv" ] || "$praxi" render --mocap "$mocap" --out "$out/drawn"
  more="--more $out/drawn"
fi
# The statistics tell fights well and falls badly: of those they say nothing.
train statistics --arch flow-statistics --classes normal,fight --epochs 40 --seed 0
for seed in $seeds; do
  train "flow-$seed" --arch flow-light --epochs 40 --mixup 0.4 --average 0.99 --seed "$seed"
done
if [ "$folds" -eq 0 ]; then
  join ""
  lighten ""
  fit_whole original joined "$terms"
  fit_whole light student "$terms${more:+ and on renderings of recorded motion}"
  exit
fi
fold=1
while [ "$fold" -le "$folds" ]; do
  join "-$fold"
  lighten "-$fold" --fold "$fold/$folds"
  fold=$((fold + 1))
done
judge joined --judge "$out/joined.onnx"
fit original joined "$terms"
judge student --judge "$out/student.onnx"
fit light student "$terms${more:+ and on renderings of recorded motion}"
