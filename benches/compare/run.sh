#!/usr/bin/env bash
# What an audit costs; then the same mailbox copied with Mailferry and mbsync in one run, the figures side by side.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/fetch-python.sh checkdmarc
cargo bench --locked --no-default-features --bench audit -- "${LOG_MEGABYTES:-1024}"
cargo bench --locked --no-default-features --bench compare -- "${MESSAGES:-5000}"
