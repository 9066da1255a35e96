#!/usr/bin/env bash
# Starts the program where something is missing that most desks have: a display, OpenGL, a home, a keyring, a portal, a medium that
# can be written. Each time it works without, or ends with a clear word and the way out; it never crashes.
# Usage: desks.sh [PROGRAM]      target/debug/mailferry, which scripts/smoke.sh builds, where none is named
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/xvfb.sh
for program in Xvfb xdotool setpriv; do
    if ! command -v "$program" >/dev/null; then
        if [ "${CI:-}" = true ]; then echo "$program is missing: run scripts/setup.sh run test" >&2; exit 1; fi
        echo "skipped the odd desks: $program is missing (scripts/setup.sh run test)" >&2
        exit 0
    fi
done
binary=$(realpath "${1:-${CARGO_TARGET_DIR:-target}/debug/mailferry}")
work=$(mktemp -d)
cleanup() {
    [ -z "${app:-}" ] || kill "$app" 2>/dev/null || true
    [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true
    chmod -R u+w "$work"
    rm -rf "$work"
}
trap cleanup EXIT
fail() { echo "odd desks: $1" >&2; [ ! -s "$work/said" ] || cat "$work/said" >&2; exit 1; }

# Somebody without rights, in a folder that is theirs: what root is refused nowhere, others are.
as=()
chmod 755 "$work"
mkdir "$work/home" "$work/locked"
if [ "$(id -u)" -eq 0 ]; then
    as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    chown 65534:65534 "$work/home"
fi
install -m 755 "$binary" "$work/mailferry"
# Settings of the desk, then the program and its arguments. What was said is in $work/said, the status in $status.
start() {
    status=0
    "${as[@]}" env -i PATH=/usr/bin:/bin HOME="$work/home" LANG=C.UTF-8 NO_COLOR=1 "$@" >"$work/said" 2>&1 </dev/null || status=$?
}
expect() {
    [ "$status" -eq "$1" ] || fail "$2: status $status"
    grep -q -- "$3" "$work/said" || fail "$2: “$3” is not said"
    ! grep -q -e "panicked" -e "core dumped" "$work/said" || fail "$2: it crashed"
}
open_display() {
    # It must not reset when the last window closes.
    start_xvfb -noreset "$@"
}
close_display() {
    kill "$server"
    wait "$server" 2>/dev/null || true
    server=
}
# Opens the window with these settings and arguments, and wants it to stay and to close in peace.
window() {
    local words=$1 found=
    shift
    "${as[@]}" env -i PATH=/usr/bin:/bin HOME="$work/home" LANG=C.UTF-8 NO_COLOR=1 DISPLAY="$DISPLAY" LIBGL_ALWAYS_SOFTWARE=1 "$@" \
        >"$work/said" 2>&1 </dev/null &
    app=$!
    for _ in $(seq 600); do
        kill -0 "$app" 2>/dev/null || fail "$words: the program ended before it showed a window"
        found=$(xdotool search --onlyvisible --name Mailferry 2>/dev/null | head -n 1) || true
        [ -z "$found" ] || break
        sleep 0.1
    done
    [ -n "$found" ] || fail "$words: no window"
    for key in ${keys:-}; do
        xdotool windowfocus "$found" key --window "$found" "$key"
        sleep 1
        kill -0 "$app" 2>/dev/null || fail "$words: it ended at $key"
    done
    # A window that is still being drawn for the first time may not hear the keys.
    for _ in $(seq 30); do
        xdotool windowfocus "$found" key --window "$found" ctrl+q 2>/dev/null || true
        for _ in $(seq 10); do kill -0 "$app" 2>/dev/null || break 2; sleep 0.1; done
    done
    ! kill -0 "$app" 2>/dev/null || fail "$words: it does not close"
    status=0
    wait "$app" || status=$?
    app=
    [ "$status" -eq 0 ] || fail "$words: status $status"
    ! grep -q -e "panicked" -e "core dumped" "$work/said" || fail "$words: it crashed"
}

start "$work/mailferry"
expect 3 "no display" "use the headless commands"

# A project, from a copy between no servers; there is no keyring either.
printf 'address,source_user,destination_user\nanna@weber.example,anna,anna\n' >"$work/people.csv"
echo practice >"$work/password"
chmod 644 "$work/people.csv" "$work/password"
copy=(copy --accounts "$work/people.csv" --from imaps://127.0.0.1:1 --to imaps://127.0.0.1:2
    --from-password-file "$work/password" --to-password-file "$work/password")
start "$work/mailferry" "${copy[@]}" --project "$work/home/weber.mailferry"
[ -s "$work/home/weber.mailferry" ] || fail "no project was made"

start "$work/mailferry" forget-passwords "$work/home/weber.mailferry"
expect 3 "no keyring" "password store"

echo "a novel" >"$work/novel.mailferry"
chmod 644 "$work/novel.mailferry"
start "$work/mailferry" report --markdown - "$work/novel.mailferry"
expect 3 "a file of another program" "not a Mailferry project"

# A medium that can only be read.
cp "$work/home/weber.mailferry" "$work/locked/weber.mailferry"
chmod 444 "$work/locked/weber.mailferry"
chmod 555 "$work/locked"
for task in "${copy[*]} --project" "report --markdown -"; do
    read -ra words <<<"$task"
    start "$work/mailferry" "${words[@]}" "$work/locked/weber.mailferry"
    expect 3 "a medium that can only be read" "the file or its folder is read-only"
    expect 3 "a medium that can only be read" "Check the permissions"
done

open_display -extension GLX
start DISPLAY="$DISPLAY" __EGL_VENDOR_LIBRARY_DIRS=/nonexistent LIBGL_DRIVERS_PATH=/nonexistent "$work/mailferry"
expect 3 "a display without OpenGL" "as OpenGL cannot draw on this computer"
expect 3 "a display without OpenGL" "LIBGL_ALWAYS_SOFTWARE=1"
! grep -q -e WGPU "$work/said" || fail "a display without OpenGL: it names what this build has not"
close_display

open_display
window "a display without a card" "$work/mailferry"
window "a home that cannot be written" HOME="$work/locked" XDG_RUNTIME_DIR="$work/locked" "$work/mailferry"
# There is no bus, so no portal, and nothing else that shows a dialog.
keys=ctrl+o window "no portal and no zenity" PATH=/nonexistent "$work/mailferry"
window "a project on a medium that cannot be written" "$work/mailferry" "$work/locked/weber.mailferry"
window "a file of another program in the window" "$work/mailferry" "$work/novel.mailferry"
close_display
echo "odd desks: no display, no OpenGL, no card, no home, no keyring, no portal, a read-only medium and a strange file"
