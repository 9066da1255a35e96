#!/usr/bin/env bash
# Opens the real window under Xvfb, waits for its first page, takes a picture, and closes it with Ctrl+Q.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/xvfb.sh
for program in Xvfb xdotool import; do
    if ! command -v "$program" >/dev/null; then
        if [ "${CI:-}" = true ]; then echo "$program is missing: run scripts/setup.sh run test" >&2; exit 1; fi
        echo "skipped the smoke run: $program is missing (scripts/setup.sh run test)" >&2
        exit 0
    fi
done
# In the profile of the tests, whose libraries are built already; as it is shipped, without the feature `testing`.
cargo build --locked --bin mailferry
binary=${CARGO_TARGET_DIR:-target}/debug/mailferry
work=$(mktemp -d)
cleanup() {
    [ -z "${app:-}" ] || kill "$app" 2>/dev/null || true
    [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

fail() { echo "smoke run: $1" >&2; [ ! -s "$work/app.log" ] || cat "$work/app.log" >&2; exit 1; }
start_xvfb
unset WAYLAND_DISPLAY
export HOME=$work XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/data XDG_STATE_HOME=$work/state XDG_RUNTIME_DIR=$work

"$binary" >"$work/app.log" 2>&1 &
app=$!

window=
for _ in $(seq 300); do
    kill -0 "$app" 2>/dev/null || fail "the program ended before it showed a window"
    window=$(xdotool search --onlyvisible --name Mailferry 2>/dev/null | head -n 1) || true
    [ -n "$window" ] && break
    sleep 0.1
done
[ -n "$window" ] || fail "no window after 30 seconds"

colours=0
for _ in $(seq 100); do
    import -window root "$work/window.png" 2>/dev/null || true
    colours=$(identify -format %k "$work/window.png" 2>/dev/null || echo 0)
    [ "$colours" -gt 30 ] && break
    sleep 0.2
done
[ "$colours" -gt 30 ] || fail "the window stayed empty ($colours colours)"

xdotool windowfocus "$window" key --window "$window" ctrl+q
for _ in $(seq 100); do
    if ! kill -0 "$app" 2>/dev/null; then
        wait "$app" || fail "the program ended with status $?"
        app=
        echo "smoke run: window shown ($colours colours) and closed with Ctrl+Q"
        exit 0
    fi
    sleep 0.1
done
fail "the window did not close within 10 seconds of Ctrl+Q"
