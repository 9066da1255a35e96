#!/usr/bin/env bash
# Copies the same mailbox with Mailferry and mbsync in one run, and prints the figures side by side.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo bench --locked --no-default-features --bench compare -- "${MESSAGES:-5000}"
