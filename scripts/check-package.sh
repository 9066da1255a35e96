#!/usr/bin/env bash
# Checks the packages for Linux: what lint programs say, that all three bring the same, that the program of each runs, and the .deb
# in a fresh Debian root of its own with nothing else in it:
# the window opens there, a project opens by its file type, a second start of it finds the first window, and nothing but the
# project is left after the package is removed.
# Usage: check-package.sh [--profile PROFILE]      the profile `quick`, which `make run` has built already
set -euo pipefail
cd "$(dirname "$0")/.."
profile=quick
if [ "${1:-}" = --profile ]; then profile=$2; fi
if [ "$(id -u)" -ne 0 ] || ! command -v dpkg >/dev/null; then
    echo "skipped the check of the packages: it needs Debian, and root for a fresh Debian root" >&2
    exit 0
fi
for program in mmdebstrap rpm2cpio cpio lintian desktop-file-validate appstreamcli Xvfb xdotool; do
    command -v "$program" >/dev/null || { echo "$program is missing: run scripts/setup.sh run package" >&2; exit 1; }
done
fail() { echo "check of the packages: $1" >&2; exit 1; }

desktop-file-validate packaging/linux/mailferry.desktop
made=${CARGO_TARGET_DIR:-target}/package
rm -f "$made"/*.deb "$made"/*.rpm "$made"/*.tar.gz
scripts/package.sh --profile "$profile" 2>&1 | sed 's/^/  /' >&2
package=$(ls "$made"/*.deb)
(cd "$made" && sha256sum --quiet --check SHA256SUMS) || fail "the checksums are wrong"
# A project without a domain of its own has no reverse-DNS name; nothing else is excused.
appstreamcli validate --no-net --override=cid-desktopapp-is-not-rdns=info "$made/mailferry.metainfo.xml"
lintian --fail-on error,warning --suppress-tags-from-file packaging/linux/lintian-overrides --allow-root "$package"

work=$(mktemp -d)
root=$work/root
cleanup() {
    [ -z "${app:-}" ] || kill "$app" 2>/dev/null || true
    [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true
    for place in proc dev/pts dev sys; do umount "$root/$place" 2>/dev/null || true; done
    rm -rf --one-file-system "$work"
}
trap cleanup EXIT
chmod 755 "$work"

# The .rpm has every file of the .deb, at the places of its own systems; texts about the package differ.
rpm -qip "$made"/*.rpm | grep -q '^License *: MIT OR Apache-2.0$' || fail "the .rpm names no licence"
dpkg-deb -c "$package" | awk '{ print $6 }' | sed -n 's|^\./usr/|/usr/|; s|/zsh/vendor-completions/|/zsh/site-functions/|; /\/$/!p' |
    grep -v '^/usr/share/doc/' | sort >"$work/deb.list"
rpm -qlp "$made"/*.rpm | grep -v -e '^/usr/share/doc/' -e '^/usr/share/licenses/' | sort >"$work/rpm.list"
diff "$work/deb.list" "$work/rpm.list" >&2 || fail "the .deb (<) and the .rpm (>) bring different files"
mkdir "$work/rpm" "$work/any folder"
# cargo-generate-rpm writes no size of the archive down, for which rpm2cpio fails after all of it was written.
{ rpm2cpio "$made"/*.rpm || true; } | (cd "$work/rpm" && cpio --quiet -idm)
[ "$(cd "$work/rpm" && find usr -type f | wc -l)" -eq "$(rpm -qlp "$made"/*.rpm | wc -l)" ] || fail "the .rpm does not unpack to its list"
said=$("$work/rpm/usr/bin/mailferry" --version) || fail "the program of the .rpm does not run"
# The .tar.gz is one folder, and runs where it is put.
tar -xzf "$made"/*.tar.gz -C "$work/any folder"
unpacked=$(echo "$work/any folder"/mailferry-*)
for file in README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE man/mailferry.1 completions/mailferry.bash desktop/mailferry.desktop; do
    [ -s "$unpacked/$file" ] || fail "the .tar.gz has no $file"
done
[ "$("$unpacked/mailferry" --version)" = "$said" ] || fail "the program of the .tar.gz does not run"
(cd / && "$unpacked/mailferry" rehearse --headless --out "$work/unpacked" >"$work/rehearse.log" 2>&1) ||
    { cat "$work/rehearse.log" >&2; fail "the rehearsal of the .tar.gz failed"; }

site=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' | sort -u | awk '$3 == "main" && $2 !~ /-/ { print $1, $2; exit }')
read -r mirror suite <<<"$site"
[ -n "${suite:-}" ] || fail "apt names no Debian mirror"
echo "A fresh Debian root ($suite) for the package" >&2
mmdebstrap --quiet --variant=apt --include=ca-certificates "$suite" "$root" "$mirror" >&2
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive DISPLAY="${DISPLAY:-}" LIBGL_ALWAYS_SOFTWARE=1 XDG_CURRENT_DESKTOP=GNOME "$@"; }
mount -t proc proc "$root/proc"
cp --dereference /etc/resolv.conf "$root/etc/resolv.conf"
# The root comes without the lists of packages, and without them apt knows nothing to depend on.
inside apt-get update -qq >"$work/apt.log" 2>&1 || { cat "$work/apt.log" >&2; fail "the fresh root cannot reach $mirror"; }
cp "$package" "$root/tmp/mailferry.deb"
inside apt-get install -y -q /tmp/mailferry.deb >"$work/apt.log" 2>&1 || { cat "$work/apt.log" >&2; fail "the package cannot be installed"; }
inside mailferry --version
inside mailferry rehearse --headless --out /root/rehearsal >"$work/rehearse.log" 2>&1 || { cat "$work/rehearse.log" >&2; fail "the rehearsal failed"; }

# The display is outside; only its socket is inside.
mkdir -p "$root/tmp/.X11-unix"
start_xvfb
window_of() {
    local found
    for _ in $(seq 600); do
        found=$(xdotool search --onlyvisible --name "$1" 2>/dev/null | head -n 1) || true
        [ -z "$found" ] || { echo "$found"; return 0; }
        sleep 0.1
    done
    return 1
}
# Ends the window with Ctrl+Q, and wants a clean end.
close_window() {
    xdotool windowfocus "$1" key --window "$1" ctrl+q
    for _ in $(seq 300); do kill -0 "$app" 2>/dev/null || break; sleep 0.1; done
    ! kill -0 "$app" 2>/dev/null || { cat "$work/app.log" >&2; fail "the window does not close"; }
}
inside mailferry >"$work/app.log" 2>&1 &
app=$!
window=$(window_of Mailferry) || { cat "$work/app.log" >&2; fail "no window in the fresh root"; }
close_window "$window"
wait "$app" || { cat "$work/app.log" >&2; fail "the window ended with an error"; }
app=

# By its type a project opens in Mailferry, and a second time in the same window.
inside apt-get install -y -q --no-install-recommends xdg-utils shared-mime-info desktop-file-utils libglib2.0-bin >"$work/apt.log" 2>&1 ||
    { cat "$work/apt.log" >&2; fail "xdg-open cannot be installed"; }
printf 'address,source_user,destination_user\nanna@weber.example,anna,anna\n' >"$root/root/people.csv"
echo practice >"$root/root/password"
# Nothing listens there, so nothing is copied, but the project is there afterwards.
inside mailferry copy --project /root/weber.mailferry --accounts /root/people.csv --from imaps://127.0.0.1:1 --to imaps://127.0.0.1:2 \
    --from-password-file /root/password --to-password-file /root/password >"$work/copy.log" 2>&1 && fail "a copy between no servers succeeded"
[ -s "$root/root/weber.mailferry" ] || { cat "$work/copy.log" >&2; fail "no project was made"; }
kind=$(inside xdg-mime query filetype /root/weber.mailferry)
[ "$kind" = application/x-mailferry-project ] || fail "a project is taken for ${kind:-nothing}"
opens=$(inside xdg-mime query default "$kind")
[ "$opens" = mailferry.desktop ] || fail "a project opens with ${opens:-nothing}"
# It starts the program and ends. A project that a command made is named after no domain.
inside xdg-open /root/weber.mailferry >"$work/app.log" 2>&1 || { cat "$work/app.log" >&2; fail "xdg-open failed"; }
window=$(window_of local.invalid) || { cat "$work/app.log" >&2; fail "xdg-open opens no window with the project"; }
app=$(xdotool getwindowpid "$window")
again=$(inside mailferry /root/weber.mailferry 2>&1) || fail "a second start failed: $again"
case $again in *"is open already"*) ;; *) fail "a second start said: ${again:-nothing}" ;; esac
[ "$(xdotool search --onlyvisible --name local.invalid | wc -l)" -eq 1 ] || fail "a second start opened a second window"
close_window "$window"
app=

echo "The package is removed" >&2
inside apt-get purge -y -qq --autoremove mailferry >"$work/apt.log" 2>&1 || { cat "$work/apt.log" >&2; fail "the package cannot be removed"; }
left=$(inside dpkg -L mailferry 2>/dev/null || true)
[ -z "$left" ] || fail "the package is still known"
find "$root/usr" "$root/etc" "$root/var/lib" -iname '*mailferry*' -not -path '*/apt/*' | tee "$work/left" >&2
[ ! -s "$work/left" ] || fail "these files are left"
[ -s "$root/root/weber.mailferry" ] || fail "the project is gone"
[ -d "$root/root/rehearsal" ] || fail "the results of the rehearsal are gone"
echo "check of the packages: installed, opened and removed in a fresh Debian root"
