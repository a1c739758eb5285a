#!/usr/bin/env bash
# Fetches llama.cpp 0.5.0 for Linux x64, as npm has it, into artifacts/peer, to be compared with. No build and no test needs it.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=3.22.1
sha512=e6e0820cda9608d7da026f1a47f533c5ba381c1a4a80d17dd640873dea4a86032057638099ab6879f6ce94c8a1b2a0a21f639ddf913f7941d00856df44126e3a
folder=artifacts/peer
archive=$folder/linux-x64-$version.tgz
library=$folder/package/bins/linux-x64
mkdir -p "$folder"
[ -f "$archive" ] || {
    registry=${NPM_REGISTRY:-$(npm config get registry 2>/dev/null || echo https://registry.npmjs.org/)}
    curl -fsSL --retry 3 -o "$archive.part" "${registry%/}/@node-llama-cpp/linux-x64/-/linux-x64-$version.tgz"
    mv "$archive.part" "$archive"
}
echo "$sha512  $archive" | sha512sum --check --quiet || { echo "fetch.sh: $archive is not the file that is expected; delete it and try again" >&2; exit 1; }
[ -d "$library" ] || tar -xzf "$archive" -C "$folder"
echo "$PWD/$library"
