#!/bin/sh
# Measures what Docs/Results.md says, one comparison after the other.
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
# Quality does not depend on what else the machine does, times do: measure speed while nothing else runs.
# A comparison that is already there is not made again, so that an interrupted study goes on where it was; one that fails
# leaves its last words in a .log file, and the others go on. Pairs that are finished in a comparison that is not lie in a
# .part file, which tables.py reads too.
# The environment may set STUDY_OPTIONS (for example "--steps 4"), STUDY_PROMPTS (a file like prompts.jsonl) and STUDY_SEEDS
# (of the methods, for example "0").
set -eu

[ $# -ge 2 ] || { sed -n '4s/^# //p' "$0" >&2; exit 64; }
[ -x "$1" ] || { echo "$1 is no program: name the svgen that was built" >&2; exit 64; }
svgen=$1 folder=$2
shift 2
[ $# -gt 0 ] || set -- methods-0.3 rows steps limits methods-others
prompts=${STUDY_PROMPTS:-$(dirname "$0")/prompts.jsonl}
mkdir -p "$folder"

# compare NAME PROMPT OPTION…    one comparison, unless it is there
compare() {
  name=$1 prompt=$2
  shift 2
  file=$folder/$name.jsonl
  [ ! -e "$file" ] || return 0
  # shellcheck disable=SC2086
  if "$svgen" compare --prompt "$prompt" "$@" --no-report --json --quiet ${STUDY_OPTIONS:-} \
    < /dev/null > "$file.part" 2> "$folder/$name.log"; then
    mv "$file.part" "$file"
    rm "$folder/$name.log"
    echo "$name" >&2
  else
    [ -s "$file.part" ] || rm -f "$file.part"
    echo "$name failed: $(tail -n 1 "$folder/$name.log")" >&2
  fi
}

# each PART COUNT SEED OPTION…    a comparison for each of the first COUNT prompts
each() {
  part=$1 count=$2 seed=$3
  shift 3
  number=0
  sed -n 's/.*"prompt": *"\([^"]*\)".*/\1/p' "$prompts" | head -n "$count" | while read -r prompt; do
    number=$((number + 1))
    compare "$(printf '%s-%02d-seed%s' "$part" "$number" "$seed")" "$prompt" --seed "$seed" "$@"
  done
}

for part in "$@"; do
  case $part in
    methods-0.3) for seed in ${STUDY_SEEDS:-0 1}; do each "$part" 1000 $seed --method svg,spatial,temporal --density 0.3; done ;;
    rows) each "$part" 6 0 --density 0.3 --profile-rows 0.1%,1%,5%,100% ;;
    steps) each "$part" 6 0 --density 0.3 --dense-steps 0,10%,50%,75% ;;
    limits)
      each densities 3 0 --density 0.7,0.9
      for layers in 1 4; do each "layers-$layers" 3 0 --density 0.3 --dense-layers $layers; done
      ;;
    methods-others) for seed in ${STUDY_SEEDS:-0 1}; do each "$part" 1000 $seed --method svg,spatial,temporal --density 0.2,0.5; done ;;
    speed)
      each speed-densities 4 0 --density 0.2,0.3,0.5
      each speed-rows 2 0 --density 0.3 --profile-rows 0.1%,64,1%,5%,100%
      ;;
    *) echo "there is no part $part" >&2; exit 64 ;;
  esac
done

failed=$(find "$folder" -name '*.log' | wc -l)
[ "$failed" -eq 0 ] || { echo "$failed comparisons failed; the same command tries them again" >&2; exit 1; }
