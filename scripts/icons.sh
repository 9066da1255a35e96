#!/usr/bin/env bash
# Draws the icons of packaging/icons from their SVG files, after one of those has changed. The pictures are committed, because
# Windows and macOS build without these programs.
set -euo pipefail
cd "$(dirname "$0")/.."
for program in rsvg-convert convert; do
    command -v "$program" >/dev/null || { echo "$program is missing: apt-get install librsvg2-bin imagemagick" >&2; exit 1; }
done
out=packaging/icons
mkdir -p "$out"
app=assets/icons/app-icon.svg
project=packaging/linux/application-x-mailferry-project.svg
for size in 16 22 24 32 48 64 128 256 512; do
    rsvg-convert --width $size --height $size --output "$out/mailferry-$size.png" "$app"
    rsvg-convert --width $size --height $size --output "$out/project-$size.png" "$project"
done
convert "$out"/mailferry-{16,24,32,48,64,256}.png "$out/mailferry.ico"
