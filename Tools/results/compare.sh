#!/bin/sh
# Makes one comparison of the study, unless it is there. study.sh runs it.
#
# usage: Tools/results/compare.sh SVGEN FOLDER NAME PROMPT OPTIONS
#
# The environment may set STUDY_OPTIONS, more options; STUDY_GPUS, the GPUs to choose from; and STUDY_SLOT, which of the
# comparisons that run at a time this one is, from 0.
set -eu

[ $# -eq 5 ] || { sed -n '4s/^# //p' "$0" >&2; exit 64; }
svgen=$1 name=$3 prompt=$4
file=$2/$name.jsonl log=$2/$name.log
[ ! -e "$file" ] || exit 0

# The options are words without spaces in them.
# shellcheck disable=SC2086
set -- $5 ${STUDY_OPTIONS:-}
gpus=$(printf '%s' "${STUDY_GPUS:-}" | tr ',' '\n' | grep . || true)
if [ -n "$gpus" ]; then
  turn=$((${STUDY_SLOT:-0} % $(echo "$gpus" | wc -l) + 1))
  CUDA_VISIBLE_DEVICES=$(echo "$gpus" | sed -n "${turn}p")
  export CUDA_VISIBLE_DEVICES
  # Named, so that a GPU that cannot be used is an error and not a study of the processor.
  set -- --device cuda "$@"
fi

if "$svgen" compare --prompt "$prompt" "$@" --no-report --json --quiet < /dev/null > "$file.part" 2> "$log"; then
  mv "$file.part" "$file"
  rm "$log"
  echo "$name" >&2
else
  [ -s "$file.part" ] || rm -f "$file.part"
  echo "$name failed: $(grep -m 1 '^Error' "$log" || tail -n 1 "$log")" >&2
  exit 1
fi
