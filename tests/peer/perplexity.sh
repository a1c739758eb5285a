#!/usr/bin/env bash
# perplexity.sh [TYPE...]: has llama.cpp's quantizer make tiny-novel in every type, without and with an importance matrix, and compares
# the perplexity of each file with llama.cpp's own (perplexity.csv). Prints a table; fails where one differs by more than 0.3 %.
# EDGERT names another command than the one that ./build.sh build makes.
set -euo pipefail
cd "$(dirname "$0")/../.."
shared=${EDGERUNTIME_SHARED:-../shared}
edgert=${EDGERT:-artifacts/edgert/edgert}
[ -x "$edgert" ] || ./build.sh build >&2
library=$(tests/peer/fetch.sh)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

measure() { # measure TYPE [quantizer's options]
    "$edgert" bench --requantize "libllama=$library" "$shared/models/tiny-novel-F16.gguf" "$1" "$folder/model.gguf" --force "${@:2}" >&2
    "$edgert" eval perplexity "$folder/model.gguf" -f "$shared/text/novel-test.txt" --ctx 256 --json
}

# A cell: llama.cpp's perplexity, this runtime's, and the difference.
cell() { # cell TYPE PEER [quantizer's options]
    [ "$2" = - ] && { printf ' - | - | - |'; return; }
    measure "$1" "${@:3}" | awk -v peer="$2" '
        match($0, /"perplexity": *[0-9.]+/) { ours = substr($0, RSTART, RLENGTH); sub(/.*: */, "", ours) }
        END { difference = 100 * (ours / peer - 1)
              printf " %.2f | %.2f | %+.2f %% |", peer, ours, difference
              exit !(ours > 0 && difference <= 0.3 && difference >= -0.3) }'
}

echo '| type | llama.cpp | EdgeRuntime | difference | imatrix: llama.cpp | EdgeRuntime | difference |'
echo '|---|---|---|---|---|---|---|'
failed=0
while IFS=, read -r type plain imatrix; do
    [ $# -eq 0 ] || [[ " $* " == *" $type "* ]] || continue
    printf '| %s |' "$type"
    cell "$type" "$plain" || failed=1
    cell "$type" "$imatrix" --imatrix "$shared/models/tiny-novel.imatrix.gguf" || failed=1
    echo
done < <(tail -n +2 tests/peer/perplexity.csv)
exit $failed
