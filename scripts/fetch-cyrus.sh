#!/usr/bin/env bash
# Unpacks Cyrus IMAP from Debian's packages into a folder of the project's own, for tests/cyrus_copy.rs.
# It is never installed: cyrus-imapd and dovecot-imapd conflict, and the tests need both.
# Usage: fetch-cyrus.sh [FOLDER]      the folder is $MAILFERRY_CYRUS, or target/cyrus, where none is named
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

project=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-${MAILFERRY_CYRUS:-$project/target/cyrus}}
# The folder is complete exactly where this file is.
mark=$folder/unpacked
[ ! -e "$mark" ] || exit 0
for tool in apt-get apt-cache dpkg dpkg-query; do
    command -v "$tool" >/dev/null || { say "$tool is missing: Cyrus comes from Debian's packages"; exit 1; }
done

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

packages=(cyrus-imapd cyrus-common sasl2-bin)
found=("${packages[@]}")
while [ ${#found[@]} -gt 0 ]; do
    mapfile -t needed < <(missing_libraries "${found[@]}")
    found=()
    for name in "${needed[@]}"; do
        [[ " ${packages[*]} " == *" $name "* ]] || { packages+=("$name"); found+=("$name"); }
    done
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
say "Unpacking into $folder, without installing: ${packages[*]}"
(cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}")
rm -rf "$folder"
mkdir -p "$folder"
for package in "$work"/*.deb; do
    dpkg -x "$package" "$folder"
done
chmod 755 "$folder"
: >"$mark"
