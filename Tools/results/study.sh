#!/bin/sh
# Measures what Docs/Results.md says: one comparison after the other, or several at a time.
#
# usage: Tools/results/study.sh SVGEN FOLDER [PART…]
#
# SVGEN is the command, FOLDER gets a file of JSON lines for each comparison. The parts, in the order that tells most
# early; all but the last when none is named:
#
#   methods-0.3     every prompt, both seeds: svg, spatial and temporal at density 0.3
#   rows            the first six prompts, seed 0: 0.1 %, 1 %, 5 % and all rows profiled, density 0.3 (64: methods-0.3)
#   steps           the first six prompts, seed 0: 0, 10, 50 and 75 % dense steps, density 0.3 (25 %: methods-0.3)
#   limits          the first three prompts, seed 0: densities 0.7 and 0.9; 1 and 4 of 8 layers dense at density 0.3
#   methods-others  every prompt, both seeds: the same at densities 0.2 and 0.5
#   speed           the first four prompts, seed 0: svg at 0.2, 0.3 and 0.5 by turns with dense; two of them: the rows to profile
#
# A comparison that is already there is not made again, so that an interrupted study goes on where it was; one that fails
# leaves its last words in a .log file, and the others go on. Pairs that are finished in a comparison that is not lie in a
# .part file, which tables.py reads too.
#
# The environment may set
#
#   STUDY_JOBS      how many comparisons run at a time, each with its share of the processor's threads; by default one,
#                   or one for each GPU that is named. Quality does not depend on what else the machine does, times do:
#                   the comparisons of "speed" always run one after the other, after the parts named before them.
#   STUDY_GPUS      the GPUs that comparisons get by turns, as CUDA_VISIBLE_DEVICES takes them: 0,1
#   STUDY_OPTIONS   more options of svgen compare, for example "--steps 4" or "--device cuda"
#   STUDY_PROMPTS   a file like prompts.jsonl
#   STUDY_SEEDS     the seeds of the methods, for example "0"
set -eu

[ $# -ge 2 ] || { sed -n '4s/^# //p' "$0" >&2; exit 64; }
[ -x "$1" ] || { echo "$1 is no program: name the svgen that was built" >&2; exit 64; }
svgen=$1 folder=$2
shift 2
[ $# -gt 0 ] || set -- methods-0.3 rows steps limits methods-others
for part in "$@"; do
  case $part in
    methods-0.3 | rows | steps | limits | methods-others | speed) ;;
    *) echo "there is no part $part" >&2; exit 64 ;;
  esac
done

here=$(dirname "$0")
prompts=${STUDY_PROMPTS:-$here/prompts.jsonl}
[ -r "$prompts" ] || { echo "$prompts cannot be read: name a file of prompts in STUDY_PROMPTS" >&2; exit 64; }
export STUDY_GPUS="${STUDY_GPUS:-}"
gpus=$(printf '%s' "$STUDY_GPUS" | tr ',' '\n' | grep -c . || true)
jobs=${STUDY_JOBS:-$((gpus > 0 ? gpus : 1))}
case $jobs in
  '' | 0* | *[!0-9]*) echo "STUDY_JOBS must be a number from 1 on, not $jobs" >&2; exit 64 ;;
esac
mkdir -p "$folder"

# each NAME COUNT SEED OPTION…    lists a comparison for each of the first COUNT prompts: name, prompt, options
each() {
  name=$1 count=$2 seed=$3
  shift 3
  number=0
  sed -n 's/.*"prompt": *"\([^"]*\)".*/\1/p' "$prompts" | head -n "$count" | while read -r prompt; do
    number=$((number + 1))
    printf '%s-%02d-seed%s\0%s\0%s\0' "$name" "$number" "$seed" "$prompt" "--seed $seed $*"
  done
}

# list PART    lists the comparisons of a part
list() {
  case $1 in
    methods-0.3) for seed in ${STUDY_SEEDS:-0 1}; do each "$1" 1000 $seed --method svg,spatial,temporal --density 0.3; done ;;
    rows) each "$1" 6 0 --density 0.3 --profile-rows 0.1%,1%,5%,100% ;;
    steps) each "$1" 6 0 --density 0.3 --dense-steps 0,10%,50%,75% ;;
    limits)
      each densities 3 0 --density 0.7,0.9
      for layers in 1 4; do each "layers-$layers" 3 0 --density 0.3 --dense-layers $layers; done
      ;;
    methods-others) for seed in ${STUDY_SEEDS:-0 1}; do each "$1" 1000 $seed --method svg,spatial,temporal --density 0.2,0.5; done ;;
    speed)
      each speed-densities 4 0 --density 0.2,0.3,0.5
      each speed-rows 2 0 --density 0.3 --profile-rows 0.1%,64,1%,5%,100%
      ;;
  esac
}

# run JOBS PART…    makes the comparisons of some parts that are not there yet, JOBS at a time, in their order
run() {
  jobs_now=$1
  shift
  # Threads of several processes that each take the whole machine stand in each other's way.
  threads=$(($(nproc) / jobs_now))
  options=${STUDY_OPTIONS:-}
  [ "$jobs_now" -eq 1 ] || [ -n "${STUDY_GPUS:-}" ] || options="--threads $((threads > 0 ? threads : 1)) $options"
  for part in "$@"; do list "$part"; done |
    STUDY_OPTIONS=$options xargs -0 -r -n 3 -P "$jobs_now" --process-slot-var=STUDY_SLOT \
      "$here/compare.sh" "$svgen" "$folder" || {
    # 123: all were tried, and some failed.
    status=$?
    [ $status -eq 123 ] || exit $status
    failed=yes
  }
}

failed=no together=
for part in "$@"; do
  if [ "$part" = speed ]; then
    # shellcheck disable=SC2086
    run "$jobs" $together
    run 1 speed
    together=
  else
    together="$together $part"
  fi
done
# shellcheck disable=SC2086
run "$jobs" $together

if [ $failed = yes ]; then
  echo "some comparisons failed: .log files in $folder say why, and the same command tries them again" >&2
  exit 1
fi
