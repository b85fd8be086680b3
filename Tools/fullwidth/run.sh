#!/bin/sh
# Compares a HunyuanVideo transformer of the published width (one dual and one single layer of random weights, 1920 + 256
# tokens) with PyTorch: one dense step and one with Sparse VideoGen, in float32 and bfloat16; and measures the memory of loading. Needs
# 3 GB of disk, 8 GB of memory and some minutes.
#
# usage: Tools/fullwidth/run.sh [FOLDER]
#
# The interpreter is $PYTHON, else python3; it must have what Tools/goldens/requirements.txt lists.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$(mktemp -d)}
[ -f "$folder/reference.safetensors" ] || "${PYTHON:-python3}" "$here/reference.py" "$folder"
cd "$here/../.."
SVGEN_FULL_WIDTH=$folder swift test -Xcc -O3 --filter FullWidthTests
[ -n "${1:-}" ] || rm -rf "$folder"
