#!/usr/bin/env bash
# Runs the tests of the device webgpu on a Vulkan driver in software (SwiftShader), with the library of ONNX Runtime that npm's
# onnxruntime-node brings. Prints the reason and succeeds where these can't be had. The build has to be there (build.sh build).
set -euo pipefail
cd "$(dirname "$0")/.."
version=1.30.0
kit=$PWD/artifacts/webgpu

skip() {
    echo "webgpu: skipped: $1"
    exit 0
}

# Each file is fetched once; a kit that is incomplete is completed.
fetch_library() {
    [ -f "$kit/libonnxruntime.so.1" ] && return
    command -v npm >/dev/null || skip "npm is not installed"
    (cd "$kit" && npm pack "onnxruntime-node@$version" --silent >/dev/null 2>&1) || skip "npm can't get onnxruntime-node $version"
    tar -xzf "$kit/onnxruntime-node-$version.tgz" -C "$kit" --strip-components=5 package/bin/napi-v6/linux/x64/libonnxruntime.so.1
    rm "$kit/onnxruntime-node-$version.tgz"
}

fetch_driver() {
    [ -f "$kit/libvk_swiftshader.so" ] && return
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || skip "there is no apt-get"
    (cd "$kit" && apt-get update -qq && apt-get download -qq chromium-common) >/dev/null 2>&1 || skip "apt-get can't get chromium-common"
    dpkg-deb -x "$kit"/chromium-common_*.deb "$kit/chromium"
    find "$kit/chromium" \( -name libvk_swiftshader.so -o -name libvulkan.so.1 -o -name vk_swiftshader_icd.json \) -exec cp {} "$kit" \;
    rm -rf "$kit/chromium" "$kit"/chromium-common_*.deb
    [ -f "$kit/libvk_swiftshader.so" ] || skip "chromium-common has no SwiftShader"
}

[ "$(uname -sm)" = "Linux x86_64" ] || skip "the driver is set up for Linux on x86-64 only"
mkdir -p "$kit"
fetch_library
fetch_driver
export EDGERUNTIME_TEST_WEBGPU=1 EDGERUNTIME_ORT_PATH=$kit/libonnxruntime.so.1
export VK_ICD_FILENAMES=$kit/vk_swiftshader_icd.json LD_LIBRARY_PATH=$kit
dotnet test --project tests/EdgeRuntime.Cli.Tests -c Release --no-ansi --no-progress --filter-class '*WebGpuTests'
