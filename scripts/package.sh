#!/usr/bin/env bash
# Builds the packages for Linux into target/package: a .deb, an .rpm, and a .tar.gz that runs from any folder.
# Usage: package.sh [--profile PROFILE] [deb|rpm|tar]...     all three, in the profile `release`, where nothing is named
# Where MAILFERRY_HOME names the site of the project's files, the software centre gets pictures from there.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=release
if [ "${1:-}" = --profile ]; then profile=$2; shift 2; fi
[ $# -gt 0 ] || set -- deb rpm tar
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
target=${CARGO_TARGET_DIR:-target}
out=$target/package
mkdir -p "$out"
# A package is the same wherever and whenever it is built from the same commit.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

cargo build --locked --profile "$profile" --bin mailferry

# The description for software centres, with this version, and with pictures where a site has them.
metainfo() {
    local day pictures=
    day=$(date -u -d "@$SOURCE_DATE_EPOCH" +%F)
    if [ -n "${MAILFERRY_HOME:-}" ]; then
        pictures="  <url type=\"homepage\">$MAILFERRY_HOME</url>\n  <screenshots>\n"
        pictures+="    <screenshot type=\"default\"><image>$MAILFERRY_HOME/raw/v$version/docs/src/pictures/copy-light.png</image></screenshot>\n"
        pictures+="    <screenshot><image>$MAILFERRY_HOME/raw/v$version/docs/src/pictures/audit-light.png</image></screenshot>\n"
        pictures+="    <screenshot><image>$MAILFERRY_HOME/raw/v$version/docs/src/pictures/records-light.png</image></screenshot>\n  </screenshots>\n"
    fi
    sed -e "s|^  <!-- scripts/package.sh .*|${pictures}  <releases>\n    <release version=\"$version\" date=\"$day\"/>\n  </releases>|" \
        packaging/linux/mailferry.metainfo.xml
}
metainfo >"$out/mailferry.metainfo.xml"

# Debian wants manual pages compressed, the changelog too and under its own name, and one of the package.
rm -rf "$out/man"
mkdir -p "$out/man"
for page in "$target/$profile"/assets/man/*.1; do gzip -9nc "$page" >"$out/man/$(basename "$page").gz"; done
gzip -9nc CHANGELOG.md >"$out/changelog.gz"
# The revision of Cargo.toml: Debian's own would be a later one.
revision=$(sed -n 's/^revision = "\(.*\)"/\1/p' Cargo.toml)
printf 'mailferry (%s-%s) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- The Mailferry authors <mailferry@localhost>  %s\n' \
    "$version" "$revision" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" >"$out/changelog.Debian"

deb() {
    local tool
    tool=$(scripts/tool.sh cargo-deb 3.8.0)
    "$tool" --no-build --profile "$profile" --output "$out/" >&2
}

rpm() {
    local tool
    tool=$(scripts/tool.sh cargo-generate-rpm 0.21.1)
    "$tool" generate-rpm --profile "$profile" --output "$out/" >&2
}

tar_gz() {
    local name root
    name=mailferry-$version-$(uname -m)-linux
    root=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder of now
    trap "rm -rf '$root'" EXIT
    install -D -m 755 "$target/$profile/mailferry" "$root/$name/mailferry"
    install -D -m 644 -t "$root/$name" README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE
    install -D -m 644 -t "$root/$name/man" "$target/$profile"/assets/man/*.1
    install -D -m 644 -t "$root/$name/completions" "$target/$profile"/assets/completions/*
    install -D -m 644 -t "$root/$name/desktop" packaging/linux/mailferry.desktop packaging/linux/mailferry.xml
    install -D -m 644 assets/icons/app-icon.svg "$root/$name/desktop/mailferry.svg"
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$root" -czf "$out/$name.tar.gz" "$name"
}

for kind in "$@"; do
    case $kind in
        deb) deb ;;
        rpm) rpm ;;
        tar) tar_gz ;;
        *) echo "package.sh: unknown kind $kind (deb, rpm, tar)" >&2; exit 2 ;;
    esac
done
cd "$out"
shopt -s nullglob
sha256sum -- *.deb *.rpm *.tar.gz >SHA256SUMS
ls -l >&2
