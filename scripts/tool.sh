#!/usr/bin/env bash
# Builds one of cargo's helpers once, into a folder of the project's own, and prints where it is.
# Usage: tool.sh NAME VERSION [OPTION…]      options of `cargo install`
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1 version=$2
shift 2
tools=$(pwd)/target/tools
[ -z "${CARGO_TARGET_DIR:-}" ] || tools=$(realpath -m "$CARGO_TARGET_DIR")/tools
# The folder carries the version, so that another version is another folder.
place=$tools/$name-$version
if [ ! -x "$place/bin/$name" ]; then
    echo "Building $name $version once; this takes a few minutes." >&2
    CARGO_TARGET_DIR=$tools/build cargo install "$name" --version "$version" --locked --debug --quiet --root "$place" "$@" >&2
    rm -rf "$tools/build"
fi
echo "$place/bin/$name"
