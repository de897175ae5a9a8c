#!/bin/sh
# The recipe with praxi alone. Nothing is written but OUT.
#
# usage: make.sh [--folds K] [--nets "NET-SEED …"] [--mocap DIR] [--jobs N] PRAXI DATA OUT
#
#   PRAXI  the program            DATA  a folder with labels.csv
#   NET    flow-light or flow-wide, with the seed of what it draws by chance
#   N      trainings side by side, a core each; what comes out is the same
#   DIR    recorded motions: falls and what looks like one are drawn from them, for student to learn
#   OUT    statistics.onnx, a file of every net, joined.onnx (all of them in one), taught.onnx (the
#          first net, which learned from all), student.onnx (that in INT8). Of the labels the split
#          "train" is learned from; "val" chooses nothing. OUT/motion keeps the motion of the
#          footage (some 2 GB); nobody needs it afterwards.
#
# With --folds every model is made K times more, NAME-1.onnx to NAME-K.onnx, each without the footage
# of one fold and judged by it; then original and light, which are joined and student with their scores
# fitted to what folds hold out: those of a fold to the other folds, the models themselves to all.
# NAME.txt has the figures, NAME.csv the scores, NAME-curves.csv what thresholds find, which curves.py
# draws. What is there already is not made again: a run that was cut off goes on where it was.
set -eu

# 22 times the bytes of student and 13 times its work.
nets="flow-light-0 flow-wide-1 flow-wide-2 flow-wide-3 flow-wide-4"
folds=0 mocap="" jobs=1
# False events an hour that thresholds allow; fights keep the usual one, which no other was better than.
alarms=fall=20
terms="weights as the project; trained on footage under MIT, CC BY 4.0 and BSD-3-Clause"
while [ $# -gt 3 ]; do
  case "$1" in
    --folds) folds=$2 ;;
    --nets) nets=$2 ;;
    --mocap) mocap=$2 ;;
    --jobs) jobs=$2 ;;
    *) break ;;
  esac
  shift 2
done
if [ $# -ne 3 ]; then
  sed -n '4,9s/^# //p' "$0" >&2
  exit 2
fi
praxi=$1 data=$2 out=$3
case "$out" in
  *[[:space:]]*) echo "make.sh: OUT: give a folder without blanks in its name" >&2; exit 2 ;;
esac
mkdir -p "$out"

# Does the tasks that no other lane has taken.
work() {
  for task; do
    mkdir "$out/taken/$task" 2>/dev/null || continue
    $task
  done
}

# each TASK…: all of them, side by side as far as --jobs goes
each() {
  rm -rf "$out/taken"
  mkdir "$out/taken"
  lanes=
  while [ "$(echo "$lanes" | wc -w)" -lt "$jobs" ]; do
    work "$@" &
    lanes="$lanes $!"
  done
  failed=0
  for lane in $lanes; do
    wait "$lane" || failed=1
  done
  rm -rf "$out/taken"
  [ "$failed" -eq 0 ] && rm -rf "$out/part"
}

train() {
  "$praxi" train --data "$data" --cache "$out/motion" --threads 1 "$@"
}

# Files appear whole: a training that is cut off writes what it has.
# made NAME COMMAND…
made() {
  name=$1
  shift
  [ -s "$out/$name.onnx" ] && return
  mkdir -p "$out/part"
  "$@" --out "$out/part/$name.onnx"
  mv "$out/part/$name.onnx" "$out/$name.onnx"
}

# by_folds NAME OPTIONS…
by_folds() {
  name=$1
  shift
  [ -s "$out/$name.txt" ] && return
  train --folds "$folds" --scores "$out/$name.csv" --curves "$out/$name-curves.csv" "$@" \
    >"$out/$name.part"
  cat "$out/$name.part"
  mv "$out/$name.part" "$out/$name.txt"
}

# net folds|whole NAME
net() {
  case "$2" in
    flow-wide-*) epochs=24 ;;
    *) epochs=40 ;;
  esac
  set -- "$1" "$2" --arch "${2%-*}" --seed "${2##*-}" --epochs "$epochs" --mixup 0.4 --average 0.99
  learn "$@"
}

# The statistics tell fights well and falls badly: of those they say nothing.
# statistics folds|whole
statistics() {
  learn "$1" statistics --arch flow-statistics --classes normal,fight --epochs 40 --seed 0
}

# learn folds|whole NAME OPTIONS…
learn() {
  how=$1 name=$2
  shift 2
  case "$how" in
    folds) by_folds "$name" --resume --out "$out/$name.onnx" "$@" ;;
    whole) made "$name" train --resume --last "$@" ;;
  esac
}

# Of fights, as many shares for the statistics as for all nets together: named that often, they cost
# nothing. The nets judge the mirrored motion too.
# join END (of the files' names, "" or "-FOLD")
join() {
  parts=
  for net in $nets; do
    parts="$parts $out/$net$1.onnx $out/statistics$1.onnx"
  done
  # shellcheck disable=SC2086 # OUT has no blanks when it is split here
  [ -s "$out/joined$1.onnx" ] || "$praxi" join --mirror $parts --out "$out/joined$1.onnx"
}

# One net that learns a little more, now from the scores of all, and then becomes INT8.
# student FOLD: 0 for the whole one
student() {
  end="" held=""
  [ "$1" -eq 0 ] || end=-$1 held="--fold $1/$folds"
  join "$end"
  # shellcheck disable=SC2086 # more is two words or none
  lighten taught "$out/joined$end.onnx" --student "$out/${nets%% *}$end.onnx" --student-epochs 8 \
    --student-average 0.98 --distill $more
  lighten student "$out/taught$end.onnx" --quantize int8
}

# lighten NAME OPTIONS…
lighten() {
  name=$1$end
  shift
  # shellcheck disable=SC2086 # held is two words or none
  made "$name" "$praxi" lighten --resume --data "$data" --cache "$out/motion" --threads 1 \
    $held "$@"
}

# judge NAME
judge() {
  by_folds "$1" --judge "$out/$1.onnx"
}

# fit NAME: those of the folds, then the whole one, by what the folds held out
fit() {
  case "$1" in
    original) from=joined says=$terms ;;
    light) from=student says="$terms${more:+ and on renderings of recorded motion}" ;;
  esac
  set -- "$1" --judge "$out/$from.onnx" --calibrate --alarms "$alarms" \
    --licence "$says, see the model card"
  by_folds "$@" --out "$out/$1.onnx"
  name=$1
  shift
  made "$name" train "$@" --folds "$folds" --from "$out/$from.onnx"
}

more=
if [ -n "$mocap" ]; then
  [ -s "$out/drawn/labels.csv" ] || "$praxi" render --mocap "$mocap" --out "$out/drawn"
  more="--more $out/drawn"
fi
hows=whole
[ "$folds" -eq 0 ] || hows="folds whole"
# First alone: it leaves the motion of all footage behind, which the others only read.
for how in $hows; do
  statistics "$how"
done
set --
for how in $hows; do
  for net in $nets; do
    set -- "$@" "net $how $net"
  done
done
each "$@"
set --
fold=0
while [ "$fold" -le "$folds" ]; do
  set -- "$@" "student $fold"
  fold=$((fold + 1))
done
each "$@"
[ "$folds" -eq 0 ] || each "judge joined" "fit original" "judge taught" "judge student" "fit light"
