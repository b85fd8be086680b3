#!/bin/sh
# Installs the Debian or Ubuntu packages that are named, where they are missing.
#
# Says what it installs. Where it may not (no root, no sudo) or cannot (no apt-get), it says what to install and stops.
set -eu

missing=""
for package in "$@"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "These packages of Debian and Ubuntu are needed, and there is no apt-get here:$missing" >&2
  echo "Install what your system has in their place." >&2
  exit 1
fi
if [ "$(id -u)" = 0 ]; then
  root=""
elif command -v sudo >/dev/null; then
  root="sudo"
else
  echo "These packages are missing, and installing them takes root:$missing" >&2
  echo "As root: apt-get update && apt-get install -y$missing" >&2
  exit 1
fi
echo "installing:$missing" >&2
$root apt-get update -q
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $root apt-get install -y -q --no-install-recommends $missing
