#!/usr/bin/env bash
# Puts oidc-provider, an OAuth 2 and OIDC server, into a folder of the project's own, for the tests.
# Usage: fetch-oidc.sh [FOLDER]      the folder is $MAILFERRY_OIDC, or target/oidc, where none is named
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

project=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-${MAILFERRY_OIDC:-$project/target/oidc}}
wanted=$project/tests/support/oidc/package-lock.json
# The folder is complete exactly where it holds the list that it was made from.
! cmp -s "$wanted" "$folder/unpacked" || exit 0
for name in node npm; do
    command -v "$name" >/dev/null || { say "$name is missing: apt-get install nodejs npm"; exit 1; }
done

say "Fetching into $folder, without installing: oidc-provider, as pinned in tests/support/oidc/package-lock.json"
rm -rf "$folder"
mkdir -p "$folder"
cp "$project"/tests/support/oidc/package.json "$wanted" "$folder"
(cd "$folder" && npm ci --silent --ignore-scripts --no-audit --no-fund)
cp "$wanted" "$folder/unpacked"
