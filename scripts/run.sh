#!/usr/bin/env bash
# Builds and opens the window; without a display it runs the whole job on the embedded servers.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
# `quick` is made for this: nearly as fast as a release, built in much less time.
binary=$target/quick/mailferry
[ -x "$binary" ] || echo "The first build takes 5 to 8 minutes on two cores; later ones take one." >&2
cargo build --locked --profile quick
case "$(uname -s)" in
    Linux) has_display=${WAYLAND_DISPLAY:-}${DISPLAY:-} ;;
    *) has_display=yes ;;
esac
if [ -n "$has_display" ]; then
    exec "$binary"
fi
echo "There is no display: running the rehearsal headless on the practice servers inside the program." >&2
exec "$binary" rehearse --headless --out out
