#!/usr/bin/env bash
# fetch.sh: fetches llama.cpp 0.5.0 for Linux x64 with npm into artifacts/peer and prints the folder of its libraries.
# Comparisons and reference data use it; no build and no test needs it.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=3.22.1
sha512=e6e0820cda9608d7da026f1a47f533c5ba381c1a4a80d17dd640873dea4a86032057638099ab6879f6ce94c8a1b2a0a21f639ddf913f7941d00856df44126e3a
folder=artifacts/peer
archive=$folder/node-llama-cpp-linux-x64-$version.tgz
library=$folder/package/bins/linux-x64

fail() {
    echo "fetch.sh: $1" >&2
    exit 1
}

mkdir -p "$folder"
if [ ! -f "$archive" ]; then
    command -v npm >/dev/null || fail "npm is not installed; install it, or put the package's archive at $archive"
    npm pack --silent --pack-destination "$folder" "@node-llama-cpp/linux-x64@$version" >/dev/null \
        || fail "npm can't fetch @node-llama-cpp/linux-x64@$version; check the network and npm's settings"
fi
echo "$sha512  $archive" | sha512sum --check --quiet || fail "$archive is not the expected file; delete it and try again"
[ -d "$library" ] || tar -xzf "$archive" -C "$folder"
echo "$PWD/$library"
