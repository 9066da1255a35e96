# Sourced by scripts that open a window. The script defines `work`, a folder for the log of the display, and `fail`.

# Starts Xvfb on a free display, which it picks itself, and sets `server` and DISPLAY. Takes more arguments for Xvfb.
start_xvfb() {
    : >"$work/display"
    Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp "$@" 3>"$work/display" 2>"$work/xvfb.log" &
    server=$!
    for _ in $(seq 100); do [ -s "$work/display" ] && break; sleep 0.1; done
    [ -s "$work/display" ] || { cat "$work/xvfb.log" >&2; fail "Xvfb did not start"; }
    DISPLAY=:$(cat "$work/display")
    export DISPLAY
}
