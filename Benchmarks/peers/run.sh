#!/bin/sh
# Compares the built command with PyTorch and diffusers, by turns, and writes one table. Installs what it needs of Python
# into a folder of its own.
#
#   Benchmarks/peers/run.sh [options of compare.py]

set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
environment="$root/.build/peers"
python="${PEERS_PYTHON:-}"

if [ -z "$python" ]; then
  python="$environment/bin/python"
  if [ ! -x "$python" ]; then
    python3 -m venv "$environment" || {
      echo "make bench needs Python with venv: apt-get install python3-venv, or set PEERS_PYTHON" >&2
      exit 1
    }
  fi
  "$python" -m pip install --quiet --requirement "$here/requirements.txt"
fi
table="$root/.build/performance.md"
"$python" "$here/compare.py" --svgen "$root/.build/release/svgen" \
  --model "$root/Sources/SparseVideoGen/BundledModel" --output "$table" --raw "$root/.build/performance.jsonl" "$@"
cat "$table"
echo "written to $table" >&2
