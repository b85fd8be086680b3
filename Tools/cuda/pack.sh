#!/bin/sh
# Puts everything that a machine with a GPU needs into one folder: the command, built with Swift's libraries
# inside, and the shared libraries that it needs and that are not part of every Linux system.
#
# usage: Tools/cuda/pack.sh [FOLDER]        (default: .build/gpu)
set -eu
cd "$(dirname "$0")/../.."
folder=${1:-.build/gpu}

swift build -c release --product svgen --static-swift-stdlib
rm -rf "$folder"
mkdir -p "$folder/lib"
cp .build/release/svgen "$folder/svgen"
strip "$folder/svgen"
# What the C library and the compiler bring is everywhere; oneDNN, sentencepiece and what they need are not.
ldd .build/release/svgen | awk '/=> \// { print $3 }' |
  grep -vE '/(libc|libm|libdl|librt|libpthread|ld-linux[^/]*|libgcc_s|libresolv)\.so' |
  while read -r library; do cp -L "$library" "$folder/lib/"; done
du -sh "$folder" "$folder"/svgen "$folder"/lib/* >&2
