#!/usr/bin/env bash
# compare.sh [bench arguments]: compares the bundled model (or the named files) with llama.cpp in one process, with two threads. Fails if
# the bundled model's prefill of 512 is below 2.5 times, or its decode below 1.2 times, that of llama.cpp.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -x artifacts/edgert/edgert ] || ./build.sh build >&2
library=$(tests/peer/fetch.sh)
if [ $# -gt 0 ]; then
    exec artifacts/edgert/edgert bench --compare "libllama=$library" "$@"
fi
artifacts/edgert/edgert bench models/SmolLM2-135M-Instruct-Q4_1.gguf -p 512 -n 128 -t 2 --compare "libllama=$library" |
    tee artifacts/peer/compare.jsonl
awk '
    match($0, /"test":"[a-z0-9@]*"/) { test = substr($0, RSTART + 8, RLENGTH - 9) }
    match($0, /"ratio":[0-9.]*/) {
        ratio = substr($0, RSTART + 8, RLENGTH - 8) + 0
        bound = (test ~ /^pp/) ? 2.5 : 1.2
        verdict = (ratio >= bound) ? "ok" : "MISSED"
        printf "%s: %.2f times llama.cpp, at least %.1f expected: %s\n", test, ratio, bound, verdict
        if (ratio < bound) missed = 1
    }
    END { exit missed }' artifacts/peer/compare.jsonl
