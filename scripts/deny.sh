#!/usr/bin/env bash
# Checks bans, licences and sources of all dependencies, offline.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.20.2
tools=${CARGO_TARGET_DIR:-target}/tools
deny=$tools/bin/cargo-deny
if [ "$("$deny" --version 2>/dev/null)" != "cargo-deny $version" ]; then
    echo "Building cargo-deny $version once, to check bans, licences and sources:" >&2
    CARGO_TARGET_DIR=$tools/build cargo install cargo-deny --version "$version" --locked --debug \
        --no-default-features --quiet --root "$tools"
    rm -rf "$tools/build"
fi
# Fetching first lets the check itself run offline, for every platform that deny.toml names.
cargo fetch --locked --quiet
"$deny" --offline --locked --log-level warn check bans licenses sources
