#!/bin/sh
# Stops with a sentence where there is no Swift, or one that is too old.
set -eu

if ! command -v swift >/dev/null; then
  echo "swift is not in PATH: install Swift 6.2 or later from https://www.swift.org/install" >&2
  exit 1
fi
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -1)
major=${version%%.*}
minor=${version#*.}
if [ "${major:-0}" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 2 ]; }; then
  echo "Swift 6.2 or later is needed, this is ${version:-unknown}: see https://www.swift.org/install" >&2
  exit 1
fi
