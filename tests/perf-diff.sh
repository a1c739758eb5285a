#!/usr/bin/env bash
# perf-diff.sh REVISION [bench arguments]: builds another revision beside this working tree, measures both in turns (A B B A), and prints
# the ratio of this tree to REVISION for each test. PAIRS=N sets the number of pairs (default 4).
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
revision=$(git rev-parse --verify "$1^{commit}")
shift
[ $# -gt 0 ] || set -- models/SmolLM2-135M-Instruct-Q4_1.gguf -p 512 -n 64
case " $* " in *" -r "* | *" --repetitions "*) ;; *) set -- "$@" -r 2 ;; esac
pairs=${PAIRS:-4}
work=$(mktemp -d)
trap 'git worktree remove --force "$work/tree" 2>/dev/null || true; rm -rf "$work"' EXIT
git worktree add --quiet --detach "$work/tree" "$revision"
publish() { "$1/build.sh" build >&2 && cp -r "$1/artifacts/edgert" "$2"; }
publish . "$work/this"
publish "$work/tree" "$work/that"
measure() {
    "$work/$1/edgert" bench "${@:3}" -o jsonl 2>"$work/errors" | sed "s/^/$1 $2 /" >> "$work/lines" && return
    echo "perf-diff.sh: the bench of $1 tree failed: $(tail -1 "$work/errors")" >&2
    exit 1
}
for ((pair = 0; pair < pairs; pair++)); do
    order="this that"
    ((pair % 2)) && order="that this"
    for side in $order; do measure "$side" "$pair" "$@"; done
done
awk -v revision="${revision:0:10}" '
    function field(name) {
        return match($0, "\"" name "\":\"?[^,\"}]*") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3) : ""
    }
    {
        file = field("model_filename"); sub(/.*\//, "", file)
        key = file " " field("n_threads") " " field("test"); gsub(/"/, "", key)
        speed[$1, key, $2] = field("median_ts")
        if (!(key in seen)) { seen[key] = 1; keys[++count] = key }
        if ($2 + 1 > pairs) pairs = $2 + 1
    }
    function median(list, n,   i, j, t) {
        for (i = 2; i <= n; i++) for (j = i; j > 1 && list[j - 1] > list[j]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
        return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
    }
    END {
        printf "%-40s %12s %12s %8s %8s %8s\n", "model threads test", "this tok/s", revision, "ratio", "least", "most"
        for (k = 1; k <= count; k++) {
            for (p = 1; p <= pairs; p++) {
                a[p] = speed["this", keys[k], p - 1]
                b[p] = speed["that", keys[k], p - 1]
                r[p] = a[p] / b[p]
            }
            middle = median(r, pairs)
            printf "%-40s %12.2f %12.2f %8.3f %8.3f %8.3f\n", keys[k], median(a, pairs), median(b, pairs), middle, r[1], r[pairs]
        }
    }' "$work/lines"
