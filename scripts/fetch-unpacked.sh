#!/usr/bin/env bash
# Unpacks servers from Debian's packages into folders of the project's own, for the tests.
# They are never installed: they conflict with dovecot-imapd or postfix, and the tests need all of them.
# Usage: fetch-unpacked.sh [--into FOLDER] SERVER...     cyrus, courier, exim
# A folder is target/SERVER, or what $MAILFERRY_SERVER (in capitals) names.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

project=$(cd "$(dirname "$0")/.." && pwd)

# What a server consists of.
packages_of() {
    case $1 in
        cyrus) echo cyrus-imapd cyrus-common sasl2-bin ;;
        courier) echo courier-imap courier-base courier-authlib gamin ;;
        exim) echo exim4-daemon-light exim4-base libnss-wrapper ;;
        *) say "fetch-unpacked.sh: unknown server $1"; exit 2 ;;
    esac
}

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Libraries that these packages need and this system has not. libclamav is for a virus scanner that no test runs.
missing_libraries() {
    local name
    apt-cache depends -i --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$@" |
        sed -n 's/^ *|\{0,1\}\(PreDepends\|Depends\): \(lib[a-z0-9.+-]*\)$/\2/p' | sort -u |
        while read -r name; do
            case $name in
                libclamav* | libzephyr*-krb5) ;;
                *) is_installed "$name" || printf '%s\n' "$name" ;;
            esac
        done
}

# Each folder is complete exactly where its `unpacked` is.
unpack() {
    local server=$1 folder=$2 packages found needed name work package
    [ ! -e "$folder/unpacked" ] || return 0
    for name in apt-get apt-cache dpkg dpkg-query; do
        command -v "$name" >/dev/null || { say "$name is missing: $server comes from Debian's packages"; exit 1; }
    done
    read -ra packages <<<"$(packages_of "$server")"
    found=("${packages[@]}")
    while [ ${#found[@]} -gt 0 ]; do
        mapfile -t needed < <(missing_libraries "${found[@]}")
        found=()
        for name in "${needed[@]}"; do
            [[ " ${packages[*]} " == *" $name "* ]] || { packages+=("$name"); found+=("$name"); }
        done
    done
    work=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder of now
    trap "rm -rf '$work'" EXIT
    chmod 755 "$work"
    say "Unpacking into $folder, without installing: ${packages[*]}"
    (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}")
    rm -rf "$folder"
    mkdir -p "$folder"
    for package in "$work"/*.deb; do
        dpkg -x "$package" "$folder"
    done
    rm -rf "$work"
    # Nothing in a project's folder runs as somebody else.
    find "$folder" -type f -perm /6000 -exec chmod ug-s {} +
    chmod 755 "$folder"
    : >"$folder/unpacked"
}

into=
if [ "${1:-}" = --into ]; then into=$2; shift 2; fi
for server in "$@"; do
    packages_of "$server" >/dev/null
    named=MAILFERRY_${server^^}
    unpack "$server" "${into:-${!named:-$project/target/$server}}"
done
