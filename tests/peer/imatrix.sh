#!/usr/bin/env bash
# imatrix.sh LLAMA-CPP-SOURCE: measures importance matrices with llama.cpp's own tool and with 'edgert imatrix', of tiny-novel and of a
# model with experts, and compares counts and sums (imatrix.py). Fails where they differ by more than 0.1 %.
# LLAMA-CPP-SOURCE is a checkout of llama.cpp 0.5.0, whose tool is compiled here and linked with the libraries of fetch.sh.
# EDGERT names another command than the one that ./build.sh build makes.
set -euo pipefail
[ -f "${1:-}/tools/imatrix/imatrix.cpp" ] || { echo 'imatrix.sh: expected the folder of the source of llama.cpp 0.5.0' >&2; exit 2; }
source=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
shared=${EDGERUNTIME_SHARED:-../shared}
edgert=${EDGERT:-artifacts/edgert/edgert}
[ -x "$edgert" ] || ./build.sh build >&2
library=${LLAMA_LIBRARY:-$(tests/peer/fetch.sh)}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Back ends are looked for beside the executable.
ln -s "$library"/*.so "$folder"
g++ -O2 -std=c++17 -I"$source/common" -I"$source/include" -I"$source/ggml/include" -I"$source/vendor" \
    "$source/tools/imatrix/imatrix.cpp" -o "$folder/llama-imatrix" -Wl,-rpath,"$folder" \
    "$folder/libllama-common.so" "$folder/libllama.v0.5.0.so" "$folder/libggml.v0.5.0.so" "$folder/libggml-base.so"

failed=0
compare() { # compare MODEL CONTEXT CHUNKS
    echo "$(basename "$1"), $3 chunks of $2 tokens"
    "$folder/llama-imatrix" -m "$1" -f "$shared/text/novel-calibration.txt" -o "$folder/peer.gguf" -c "$2" -b "$2" --chunks "$3" --no-ppl \
        -ctk f32 -ctv f32 -fa off >"$folder/log" 2>&1 || { tail -n 5 "$folder/log" >&2; failed=1; return; }
    "$edgert" imatrix "$1" -f "$shared/text/novel-calibration.txt" -o "$folder/ours.gguf" --ctx "$2" --chunks "$3" --no-ppl \
        --kv-type f32 --force >/dev/null
    tests/peer/imatrix.py "$folder/peer.gguf" "$folder/ours.gguf" || failed=1
}

# Rounded weights or caches send a token whose experts are almost equal to another one: counts are equal in F32 only.
compare "$shared/models/tiny-novel-F16.gguf" 256 32
"$edgert" bench --make-model experts,layers=3,vocab=4096:F32 "$folder/experts.gguf" >&2
compare "$folder/experts.gguf" 128 8
exit $failed
