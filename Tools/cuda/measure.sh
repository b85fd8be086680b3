#!/bin/sh
# What a machine with an NVIDIA GPU is asked, in less than ten minutes: whether everything computes what it should, and how
# fast it is. Builds nothing; Tools/cuda/pack.sh makes what it runs. Each part has a time limit, leaves a small file, and does
# not stop the next one.
#
# usage: Tools/cuda/measure.sh [PACK] [RESULTS]        (default: .build/gpu .build/gpu-results)
#
# PARTS chooses some of: system selftest video steps launches convolutions attention sanitizer. DEVICE=cpu rehearses it without a
# GPU, with SIZE="--width 64 --height 64 --frames 9". PyTorch is needed for attention and for all ways to convolve. BEFORE is a
# pack of another version, beside which launches are measured.
set -u
cd "$(dirname "$0")/../.."
pack=${1:-.build/gpu}
results=${2:-.build/gpu-results}
device=${DEVICE:-cuda}
parts=${PARTS:-system selftest video steps launches convolutions attention sanitizer}
export LD_LIBRARY_PATH="$pack/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
mkdir -p "$results"
# The bundled model comes from the sources; beside the command is where it looks for it.
resources="$pack/SparseVideoGen_SparseVideoGen.resources"
mkdir -p "$resources"
[ -e "$resources/BundledModel" ] || cp -r Sources/SparseVideoGen/BundledModel "$resources/"
svgen="$pack/svgen"
failures=0

# limit LIMIT NAME COMMAND…: the output goes to NAME.txt; the last lines are shown.
limit() {
  seconds=$1 name=$2
  shift 2
  start=$(date +%s)
  timeout "$seconds" "$@" >"$results/$name.txt" 2>&1
  status=$?
  [ $status -eq 0 ] || failures=$((failures + 1))
  echo "$name: status $status after $(($(date +%s) - start)) s" | tee -a "$results/summary.txt"
  tail -n 4 "$results/$name.txt"
}

system() {
  limit 20 gpu nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.sm,power.limit --format=csv
  limit 30 doctor "$svgen" doctor
}

selftest() {
  limit 120 selftest "$svgen" doctor --self-test --device "$device"
}

# The same video on the processor and on the GPU: at least 40 dB apart in bfloat16, and the same patterns but for ties.
video() {
  prompt="a large green triangle growing on a light pink background"
  for place in cpu "$device"; do
    limit 90 "video-$place" "$svgen" generate --device "$place" --dtype bf16 --seed 7 --steps 10 --prompt "$prompt" \
      -o "$results/$place.y4m"
  done
  limit 20 psnr "${PYTHON:-python3}" Tools/cuda/psnr.py "$results/cpu.y4m" "$results/$device.y4m" 40
  rm -f "$results"/*.y4m
}

# Seconds of a dense and of a sparse step by phase, and of decoding with its memory; full width and depth, random weights.
steps() {
  for model in cogvideox-1.5 hunyuan-video; do
    # Heads of 128 elements are attended in fp8 too.
    numbers=auto
    [ "$model" = hunyuan-video ] && [ "$device" != cpu ] && numbers=auto,fp8
    # shellcheck disable=SC2086
    limit 150 "step-$model" "$svgen" benchmark step --json --density 0.25 --attention-dtype "$numbers" --device "$device" \
      --model "Tests/Fixtures/Published/$model" ${SIZE:-}
    # shellcheck disable=SC2086
    limit 60 "decode-$model" "$svgen" benchmark decode --json --tiling on --device "$device" \
      --model "Tests/Fixtures/Published/$model" ${SIZE:-}
  done
}

# The bundled model, whose steps are so short that launches count: what one asks of the GPU and how long it waits for it
# (where that is nothing, launches are all); then whole videos, this version and the one in BEFORE by turns.
launches() {
  # shellcheck disable=SC2086
  limit 60 step-bundled "$svgen" benchmark step --json --rounds 21 --device "$device" --model "$resources/BundledModel" ${SIZE:-}
  [ "$device" != cpu ] || return 0
  for round in 1 2 3; do
    for version in ${BEFORE:-} "$pack"; do
      limit 60 "launches-$(basename "$version")-$round" "$version/svgen" benchmark model --json --rounds 3 --device "$device" \
        --model "$resources/BundledModel"
    done
  done
}

# Our kernel and cuDNN by turns, at the sizes of the decoders, and all that cuDNN has to choose from.
convolutions() {
  for model in hunyuanvideo cogvideox-1.5; do
    limit 60 "conv-$model" "$svgen" benchmark conv --device "$device" --preset "$model" --rounds 5
  done
  limit 60 conv-ways "${PYTHON:-python3}" Tools/cuda/convolutions.py 45
}

# Our attention beside cuDNN and FlexAttention, and the kernels that prepare and profile.
attention() {
  for dimension in 128 64; do
    limit 60 "heads-$dimension" "${PYTHON:-python3}" Tools/cuda/heads.py "$dimension"
    limit 90 "attend-sm90-$dimension" "${PYTHON:-python3}" Tools/cuda/attend.py 90 "$dimension" 2
    limit 60 "attend-sm80-$dimension" "${PYTHON:-python3}" Tools/cuda/attend.py 80 "$dimension" 0
  done
  limit 60 attend-fp8 "${PYTHON:-python3}" Tools/cuda/attend_fp8.py 1
}

sanitizer() {
  command -v compute-sanitizer >/dev/null || { echo "no compute-sanitizer" | tee -a "$results/summary.txt"; return; }
  for tool in memcheck racecheck; do
    limit 90 "sanitizer-$tool" compute-sanitizer --tool "$tool" --error-exitcode 1 "$svgen" doctor --self-test --device "$device"
  done
}

: >"$results/summary.txt"
for part in $parts; do $part; done
echo "$failures part(s) failed; results are in $results" | tee -a "$results/summary.txt"
[ "$failures" -eq 0 ]
