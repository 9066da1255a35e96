#!/usr/bin/env bash
# Builds in release mode and opens the window; without a display it runs the whole job on the embedded servers.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --locked --release
case "$(uname -s)" in
    Linux) has_display=${WAYLAND_DISPLAY:-}${DISPLAY:-} ;;
    *) has_display=yes ;;
esac
target=${CARGO_TARGET_DIR:-target}
if [ -n "$has_display" ]; then
    exec "$target/release/mailferry"
fi
echo "There is no display: running the rehearsal headless on the practice servers inside the program." >&2
exec "$target/release/mailferry" rehearse --headless --out out
