#!/usr/bin/env bash
# Puts octoDNS into a folder of the project's own, for the tests.
# Usage: fetch-octodns.sh [FOLDER]      the folder is $MAILFERRY_OCTODNS, or target/octodns, where none is named
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

project=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-${MAILFERRY_OCTODNS:-$project/target/octodns}}
wanted=$project/scripts/octodns.txt
# The folder is complete exactly where it holds the list that it was made from.
! cmp -s "$wanted" "$folder/unpacked" || exit 0
command -v python3 >/dev/null || { say "python3 is missing: apt-get install python3 python3-venv"; exit 1; }

say "Fetching into $folder, without installing: $(sed -n 's/^\([a-z-]*\)==\([0-9.]*\).*/\1 \2/p' "$wanted" | paste -sd,)"
rm -rf "$folder"
python3 -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$wanted"
cp "$wanted" "$folder/unpacked"
