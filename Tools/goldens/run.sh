#!/bin/sh
# Writes Tests/Fixtures: tiny random models and the golden tensors that diffusers and transformers compute with them.
#
# usage: Tools/goldens/run.sh [PART...]
# parts: models noise schedulers rotary text hunyuan-text transformer vae pipeline hunyuan image sparse prepare quality
#        perceptual
#
# The interpreter is $PYTHON, else python3; it must have what requirements.txt lists.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
"$python" -c 'import torch, diffusers, transformers, sentencepiece, google.protobuf, safetensors, skimage' 2>/dev/null || {
  echo "$python lacks the packages of $here/requirements.txt; install them with:" >&2
  echo "  $python -m pip install -r $here/requirements.txt" >&2
  exit 1
}
# One thread and no network: the same bytes on every run.
export OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here"
exec "$python" -m goldens --output "$here/../../Tests/Fixtures" "$@"
