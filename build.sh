#!/usr/bin/env bash
# build.sh VERB [arguments]: build, portable, run, test, bench, pack, api, format, clean. build.ps1 has the same verbs.
set -euo pipefail
cd "$(dirname "$0")"
verb=${1:-build}
shift || true
command=src/EdgeRuntime.Cli

publish() { # FOLDER [properties]
    rm -rf "$1"
    dotnet publish "$command" -c Release -o "$1" -v q --nologo "${@:2}"
}

# Prints the properties of an ahead-of-time build for this processor: an instruction set above the default of EdgeRuntime.targets, if the
# processor has one. Fails on a processor that lacks the default, since its command would have scalar code only.
processor_properties() {
    local flags
    has_all() { local flag; for flag; do grep -qiw "$flag" <<<"$flags" || return 1; done; }
    flags=$(cat /proc/cpuinfo 2>/dev/null || sysctl -n machdep.cpu.features machdep.cpu.leaf7_features 2>/dev/null || true)
    case $(uname -m) in
        x86_64 | amd64)
            has_all avx2 bmi2 fma || return 1
            if has_all avx512vl avx512bw avx512dq avx512cd; then echo -p:IlcInstructionSet=x86-64-v4; fi ;;
        aarch64 | arm64)
            if has_all asimddp || [ "$(sysctl -n hw.optional.arm.FEAT_DotProd 2>/dev/null)" = 1 ]; then
                echo -p:IlcInstructionSet=dotprod
            fi ;;
        *) return 1 ;;
    esac
}

# Builds the command for this machine: one file of machine code, which starts at once and needs no .NET.
build() {
    local linker processor ahead
    linker=$(command -v clang || command -v gcc || true)
    if processor=$(processor_properties) && [ -n "$linker" ]; then
        ahead=(--use-current-runtime -p:PublishAot=true ${processor:+"$processor"} "-p:CppCompilerAndLinker=${linker##*/}")
    fi
    if [ -n "${ahead+set}" ] && dotnet restore "$command" "${ahead[@]}" -v q >/dev/null 2>&1; then
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
    test) # the fast tests; with --slow the others, with --all both
        tests=(--filter-not-trait Speed=Slow)
        case "${1:-}" in
            --slow) tests=(--filter-trait Speed=Slow --ignore-exit-code 8); shift ;; # 8: a project without slow tests
            --all) tests=(); shift ;;
        esac
        build && EDGERT="$PWD/artifacts/edgert/edgert" exec dotnet test --solution EdgeRuntime.sln -c Release \
            ${tests[@]+"${tests[@]}"} "$@" ;;
    bench) # end to end, then the kernels: all, or those that the arguments name (--filter '*Gemm*')
        build && artifacts/edgert/edgert bench
        [ $# -gt 0 ] || set -- --filter '*'
        exec dotnet run --project tests/Benchmarks -c Release -- "$@" ;;
    pack) exec dotnet pack EdgeRuntime.sln -c Release -o artifacts/packages "$@" ;;
    api) # one project after another: in a solution, the fixes of one replace those of another
        for api in src/*/PublicAPI.Unshipped.txt; do
            dotnet format analyzers "${api%/*}" --diagnostics RS0016 RS0017 --severity warn "$@"
        done ;;
    format) exec dotnet format EdgeRuntime.sln "$@" ;;
    clean) rm -rf artifacts && find src tests -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} + ;;
    *) echo "build.sh: unknown verb '$verb'; verbs: build, portable, run, test, bench, pack, api, format, clean" >&2; exit 2 ;;
esac
