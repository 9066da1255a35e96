#!/usr/bin/env bash
# Writes assets/licences.tsv, what the About page lists: every library that is built into the program on any system, with its
# version and licence, as its own manifest says. Run it after the dependencies have changed; `make test` compares (--check).
set -euo pipefail
cd "$(dirname "$0")/.."
new=$(mktemp)
trap 'rm -f "$new"' EXIT
cargo metadata --locked --offline --format-version 1 | python3 -c '
import json, sys

metadata = json.load(sys.stdin)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
root = metadata["resolve"]["root"]
found, waiting = set(), [root]
while waiting:
    for dependency in nodes[waiting.pop()]["deps"]:
        is_built_in = any(kind["kind"] is None for kind in dependency["dep_kinds"])
        if is_built_in and dependency["pkg"] not in found:
            found.add(dependency["pkg"])
            waiting.append(dependency["pkg"])
names = sorted((packages[one] for one in found if packages[one]["source"]), key=lambda one: (one["name"], one["version"]))
for one in names:
    print(one["name"], one["version"], one["license"] or "see its licence file", sep="\t")
' >"$new"
if [ "${1:-}" = --check ]; then
    cmp -s "$new" assets/licences.tsv || { echo "assets/licences.tsv is not what is built in: run scripts/licences.sh" >&2; exit 1; }
    exit 0
fi
cp "$new" assets/licences.tsv
