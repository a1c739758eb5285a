#!/usr/bin/env bash
# build.sh VERB [arguments]: build, portable, run, test, bench, pack, format, clean. build.ps1 has the same verbs.
set -euo pipefail
cd "$(dirname "$0")"
verb=${1:-build}
shift || true
command=src/EdgeRuntime.Cli

publish() { # FOLDER [properties]
    rm -rf "$1"
    dotnet publish "$command" -c Release -o "$1" -v q --nologo "${@:2}"
}

# Prints the instruction sets that the ahead-of-time compiler may assume. Code for AVX2, AVX-512 or dot products exists only in commands
# that assume them. Prints nothing for an unknown processor, since its command would have none of that code.
processor_level() {
    local flags
    has_all() { local flag; for flag; do grep -qiw "$flag" <<<"$flags" || return 1; done; }
    flags=$(cat /proc/cpuinfo 2>/dev/null || sysctl -n machdep.cpu.features machdep.cpu.leaf7_features 2>/dev/null || true)
    case $(uname -m) in
        x86_64 | amd64)
            if has_all avx512vl avx512bw avx512dq avx512cd; then
                echo x86-64-v4
            elif has_all avx2 bmi2 fma; then
                echo x86-64-v3
            fi ;;
        aarch64 | arm64)
            if has_all asimddp || [ "$(sysctl -n hw.optional.arm.FEAT_DotProd 2>/dev/null)" = 1 ]; then
                echo dotprod
            else
                echo armv8-a
            fi ;;
    esac
}

# Builds the command for this machine: one file of machine code, which starts at once and needs no .NET.
build() {
    local linker level ahead
    level=$(processor_level)
    linker=$(command -v clang || command -v gcc || true)
    ahead=(--use-current-runtime -p:PublishAot=true "-p:IlcInstructionSet=$level" "-p:CppCompilerAndLinker=${linker##*/}")
    if [ -n "$level" ] && [ -n "$linker" ] && dotnet restore "$command" "${ahead[@]}" -v q >/dev/null 2>&1; then
        publish artifacts/edgert "${ahead[@]}"
    else
        echo "build.sh: found no ahead-of-time compiler for this processor, or no linker; the command will start more slowly" >&2
        precompiled artifacts/edgert
    fi
}

# Builds the command for every processor of this system: precompiled, and compiled again at run time. It needs the .NET runtime.
precompiled() { # FOLDER
    local ready=(--use-current-runtime -p:SelfContained=false -p:PublishReadyToRun=true)
    if ! dotnet restore "$command" "${ready[@]}" -v q >/dev/null 2>&1; then
        echo "build.sh: found no ready-to-run compiler; the command will start more slowly" >&2
        ready=()
    fi
    publish "$1" "${ready[@]}"
}

case "$verb" in
    build) build ;;
    portable) precompiled artifacts/portable ;;
    run) build >&2 && exec artifacts/edgert/edgert chat "$@" ;;
    test) build && EDGERT="$PWD/artifacts/edgert/edgert" exec dotnet test --solution EdgeRuntime.sln -c Release "$@" ;;
    bench) # end to end, then the kernels: all, or those that the arguments name (--filter '*Gemm*')
        build && artifacts/edgert/edgert bench
        [ $# -gt 0 ] || set -- --filter '*'
        exec dotnet run --project tests/Benchmarks -c Release -- "$@" ;;
    pack) exec dotnet pack EdgeRuntime.sln -c Release -o artifacts/packages "$@" ;;
    format) exec dotnet format EdgeRuntime.sln "$@" ;;
    clean) rm -rf artifacts && find src tests -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} + ;;
    *) echo "build.sh: unknown verb '$verb'; verbs: build, portable, run, test, bench, pack, format, clean" >&2; exit 2 ;;
esac
