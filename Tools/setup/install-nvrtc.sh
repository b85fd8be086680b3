#!/bin/sh
# Puts NVIDIA's run-time compiler for CUDA into a folder, from the Python Package Index, where it is not there yet.
#
# It compiles the kernels in the tests; no GPU is needed. Where it cannot be had, it says so and the tests that need it are
# skipped with that reason.
set -eu

folder=$1
package="nvidia-cuda-nvrtc==13.0.*"
[ "$(uname -sm)" = "Linux x86_64" ] || exit 0
ls "$folder"/nvidia/cu13/lib/libnvrtc.so.13 >/dev/null 2>&1 && exit 0

tools="$folder-pip"
if python3 -m pip --version >/dev/null 2>&1; then
  pip="python3 -m pip"
elif [ -x "$tools/bin/pip" ] || python3 -m venv "$tools" >/dev/null 2>&1; then
  pip="$tools/bin/pip"
else
  echo "note: without Python and pip the kernels for GPUs are not compiled in the tests" >&2
  exit 0
fi
echo "installing: $package into $folder" >&2
if ! $pip install --quiet --disable-pip-version-check --target "$folder" "$package" >&2; then
  rm -rf "$folder"
  echo "note: $package cannot be had, so the kernels for GPUs are not compiled in the tests" >&2
fi
