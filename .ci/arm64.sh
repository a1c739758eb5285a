#!/usr/bin/env bash
# Runs the format and kernel tests as arm64 code under emulation: on a processor with dot product and on one without.
# Prints the reason and succeeds if the emulation can't be installed. The results are the summary lines of the test program.
set -euo pipefail
cd "$(dirname "$0")/.."
kit=$(realpath -m "${EDGERUNTIME_SHARED:-../shared}")/arm64/run-arm64.sh
packages="qemu-user-static gcc-aarch64-linux-gnu libc6-dev-arm64-cross libstdc++6-arm64-cross binutils-aarch64-linux-gnu"

skip() {
    echo "arm64: skipped: $1"
    exit 0
}

[ "$(uname -sm)" = "Linux x86_64" ] || skip "emulation is set up for Linux on x86-64 only"
[ -f "$kit" ] || skip "no emulation kit at $kit"
command -v npm >/dev/null || skip "npm is not installed"
if ! command -v qemu-aarch64-static >/dev/null || ! command -v aarch64-linux-gnu-gcc >/dev/null; then
    command -v apt-get >/dev/null || skip "qemu-user-static is not installed and there is no apt-get"
    # shellcheck disable=SC2086
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages; } >/dev/null 2>&1 \
        || skip "apt-get can't install $packages"
fi

export EDGERUNTIME_SHARED
EDGERUNTIME_SHARED=$(realpath -m "${EDGERUNTIME_SHARED:-../shared}")
# Emulation is about twenty times slower. It leaves out two long tests, which the native run covers: panels refused while packing
# (scalar code) and masks against their definition. Masked batches and sequences are still compared with each other.
CPUS="max cortex-a72" bash "$kit" "$PWD/tests/EdgeRuntime.Core.Tests" EdgeRuntime.Core.Tests \
    --filter-namespace "*.Formats*" --filter-namespace "*.Kernels*" \
    --filter-not-method "*.PackPanel_HalfOfABlockOverwritten*" --filter-not-method "*.Compute_Masked_IsTheDefinition" \
    --no-ansi --no-progress
