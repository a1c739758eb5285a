#!/usr/bin/env bash
# quantization.sh MODEL [TYPE...]: makes tiny-novel or SmolLM2 in every type of quantization.csv, without and with an importance matrix,
# and compares perplexity and mean KL divergence with those of llama.cpp's files of the same type. Prints a table; fails where the
# perplexity is more than 0.5 % above llama.cpp's, or the divergence more than 5 %.
# EDGERT names another command than the one that ./build.sh build makes.
set -euo pipefail
cd "$(dirname "$0")/../.."
shared=${EDGERUNTIME_SHARED:-../shared}
edgert=${EDGERT:-artifacts/edgert/edgert}
[ -x "$edgert" ] || ./build.sh build >&2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

model=${1:-}
case $model in
    tiny-novel)
        source=$shared/models/tiny-novel-F16.gguf
        importance=$shared/models/tiny-novel.imatrix.gguf
        evaluation=(-f "$shared/text/novel-test.txt" --ctx 256) ;;
    SmolLM2)
        source=models/SmolLM2-135M-Instruct-Q4_1.gguf
        importance=
        head -c 102400 "$shared/text/wiki.test.raw" >"$folder/text"
        evaluation=(-f "$folder/text" --ctx 512 --exact) ;;
    *)
        echo 'quantization.sh: expected tiny-novel or SmolLM2, and perhaps types' >&2
        exit 2 ;;
esac
shift

# The types, as lines of quantization.csv without the model.
chosen() {
    awk -F, -v model="$model" -v types=" $* " '$1 == model && (types == "  " || index(types, " " $2 " ")) {
        sub(/^[^,]*,/, ""); print }' tests/peer/quantization.csv
}

# Figures of a file: its name, its perplexity and its mean divergence.
figures() {
    "$edgert" eval kld "$source" "$@" "${evaluation[@]}" --json | awk '
        match($0, /"model": *"[^"]*"/) { name = substr($0, RSTART, RLENGTH); sub(/.*\//, "", name); sub(/\.gguf"$/, "", name) }
        match($0, /"perplexity": *[0-9.eE+-]+/) { perplexity = substr($0, RSTART, RLENGTH); sub(/.*: */, "", perplexity) }
        /"kld": *\{/ { inside = 1 }
        inside && match($0, /"mean": *[0-9.eE+-]+/) { mean = substr($0, RSTART, RLENGTH); sub(/.*: */, "", mean)
            print name, perplexity, mean; inside = 0 }'
}

files=()
while IFS=, read -r type plain _ weighted _; do
    if [ "$plain" != - ]; then
        files+=("$folder/$type.gguf")
        "$edgert" quantize "$source" "${files[-1]}" "$type" --allow-requantize >&2
    fi
    if [ "$weighted" != - ]; then
        files+=("$folder/$type-imatrix.gguf")
        "$edgert" quantize "$source" "${files[-1]}" "$type" --allow-requantize --imatrix "$importance" >&2
    fi
done < <(chosen "$@")
[ ${#files[@]} -gt 0 ] || { echo "quantization.sh: no such type of $model in quantization.csv" >&2; exit 2; }

figures "${files[@]}" >"$folder/figures"
chosen "$@" | awk -F, -v figures="$folder/figures" '
    # Half a unit of the last digit of the reference is no difference.
    function cell(name, peer, peer_divergence) {
        if (peer == "-") { printf " - | - | - | - | - | - |"; return }
        change = 100 * (perplexity[name] / peer - 1)
        growth = 100 * (divergence[name] / peer_divergence - 1)
        printf " %.2f | %.2f | %+.2f %% |", peer, perplexity[name], change
        printf " %.5f | %.5f | %+.1f %% |", peer_divergence, divergence[name], growth
        if (!(perplexity[name] > 0 && perplexity[name] <= 1.005 * peer + 0.005)) failed = 1
        if (!(divergence[name] <= 1.05 * peer_divergence + 0.000005)) failed = 1
    }
    BEGIN {
        while ((getline line < figures) > 0) { split(line, field, " "); perplexity[field[1]] = field[2]; divergence[field[1]] = field[3] }
        print "| type | perplexity: llama.cpp | EdgeRuntime | change | divergence: llama.cpp | EdgeRuntime | change " \
            "| imatrix, perplexity: llama.cpp | EdgeRuntime | change | divergence: llama.cpp | EdgeRuntime | change |"
        print "|---|---|---|---|---|---|---|---|---|---|---|---|---|"
    }
    { printf "| %s |", $1; cell($1, $2, $3); cell($1 "-imatrix", $4, $5); print "" }
    END { exit failed }'
