#!/bin/sh
# Measures what Docs/Results.md says, with many comparisons beside each other.
#
# usage: Tools/results/study.sh SVGEN FOLDER PROCESSES THREADS
#
# SVGEN is the command, FOLDER gets a file of JSON lines for each comparison, PROCESSES run at a time with THREADS each.
# Three parts, in an order that makes something of every one early:
#
#   methods   every prompt, both seeds: svg, spatial, temporal at densities 0.2, 0.3, 0.5
#   rows      the first six prompts, seed 0: 0.1 %, 1 %, 5 % and all rows profiled, density 0.3
#   steps     the first six prompts, seed 0: 0, 10, 25 and 50 % dense steps, density 0.3
#
# A comparison that is already there is not made again, so that an interrupted study goes on where it was; one that fails
# leaves its last words in a .log file, and the others go on. Pairs that are finished in a comparison that is not lie in a
# .part file, which tables.py reads too.
# The environment may set STUDY_OPTIONS (for example "--steps 4"), STUDY_PROMPTS (a file like prompts.jsonl), and
# STUDY_PARTS (for example "methods").
set -eu

# One comparison, called by the loop below: NAME PROMPT SEED and what is varied.
if [ "${1:-}" = --one ]; then
  name=$2 prompt=$3 seed=$4
  shift 4
  file=$STUDY_FOLDER/$name.jsonl
  [ ! -e "$file" ] || exit 0
  # shellcheck disable=SC2086
  if "$STUDY_SVGEN" compare --prompt "$prompt" --seeds "$seed" "$@" --no-report --json --quiet \
    --threads "$STUDY_THREADS" ${STUDY_OPTIONS:-} > "$file.part" 2> "$STUDY_FOLDER/$name.log"; then
    mv "$file.part" "$file"
    rm "$STUDY_FOLDER/$name.log"
    echo "$name" >&2
  else
    [ -s "$file.part" ] || rm -f "$file.part"
    echo "$name failed: $(tail -n 1 "$STUDY_FOLDER/$name.log")" >&2
  fi
  exit 0
fi

[ $# -eq 4 ] || { sed -n '4s/^# //p' "$0" >&2; exit 64; }
here=$(cd "$(dirname "$0")" && pwd)
prompts=${STUDY_PROMPTS:-$here/prompts.jsonl}
[ -x "$1" ] || { echo "$1 is no program: name the svgen that was built" >&2; exit 64; }
mkdir -p "$2"
STUDY_SVGEN=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
STUDY_FOLDER=$(cd "$2" && pwd)
STUDY_THREADS=$4
export STUDY_SVGEN STUDY_FOLDER STUDY_THREADS

# jobs PART SEED COUNT OPTION…    a line of shell words for each of the first COUNT prompts
jobs() {
  part=$1 seed=$2 count=$3
  shift 3
  case " ${STUDY_PARTS:-methods rows steps} " in *" $part "*) ;; *) return 0 ;; esac
  number=0
  sed -n 's/.*"prompt": *"\([^"]*\)".*/\1/p' "$prompts" | head -n "$count" | while read -r prompt; do
    number=$((number + 1))
    printf '%s-%02d-seed%s "%s" %s %s\n' "$part" "$number" "$seed" "$prompt" "$seed" "$*"
  done
}

{
  jobs methods 0 1000 --method svg,spatial,temporal --density 0.2,0.3,0.5
  jobs rows 0 6 --density 0.3 --profile-rows 0.1%,1%,5%,100%
  jobs steps 0 6 --density 0.3 --dense-steps 0,10%,25%,50%
  jobs methods 1 1000 --method svg,spatial,temporal --density 0.2,0.3,0.5
} | xargs -P "$3" -L 1 "$0" --one

failed=$(find "$STUDY_FOLDER" -name '*.log' | wc -l)
[ "$failed" -eq 0 ] || { echo "$failed comparisons failed; the same command tries them again" >&2; exit 1; }
