#!/usr/bin/env bash
# build.sh VERB [arguments]: build, run, test, bench, pack, format, clean. build.ps1 has the same verbs.
set -euo pipefail
cd "$(dirname "$0")"
verb=${1:-build}
shift || true

# Precompiled code halves the start; where the package source has no compiler for this machine, the just-in-time one does all.
build() {
    local precompiled=(--use-current-runtime -p:SelfContained=false -p:PublishReadyToRun=true)
    if ! dotnet restore src/EdgeRuntime.Cli "${precompiled[@]}" -v q >/dev/null 2>&1; then
        echo "build.sh: no ready-to-run compiler to be had: the command will start more slowly" >&2
        precompiled=()
    fi
    dotnet publish src/EdgeRuntime.Cli -c Release "${precompiled[@]}" -o artifacts/edgert -v q --nologo
}

case "$verb" in
    build) build ;;
    run) build >&2 && exec artifacts/edgert/edgert chat "$@" ;;
    test) build && exec dotnet test --solution EdgeRuntime.sln -c Release "$@" ;;
    bench) # end to end, then the kernels: all of them, or what the arguments name (--filter '*Gemm*')
        build && artifacts/edgert/edgert bench
        [ $# -gt 0 ] || set -- --filter '*'
        exec dotnet run --project tests/Benchmarks -c Release -- "$@" ;;
    pack) exec dotnet pack EdgeRuntime.sln -c Release -o artifacts/packages "$@" ;;
    format) exec dotnet format EdgeRuntime.sln "$@" ;;
    clean) rm -rf artifacts && find src tests -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} + ;;
    *) echo "build.sh: unknown verb '$verb'; verbs: build, run, test, bench, pack, format, clean" >&2; exit 2 ;;
esac
