#!/usr/bin/env bash
# Checks bans, licences and sources of all dependencies, offline.
set -euo pipefail
cd "$(dirname "$0")/.."
deny=$(scripts/tool.sh cargo-deny 0.20.2 --no-default-features)
# Fetching first lets the check itself run offline, for every platform that deny.toml names.
cargo fetch --locked --quiet
"$deny" --offline --locked --log-level warn check bans licenses sources
scripts/licences.sh --check
