#!/usr/bin/env bash
# kernel-plots.sh FOLDER [--draw]: measures every kernel on this machine, writes the results to FOLDER (docs/benchmarks/NAME), and draws a
# roofline plot for each format. FOLDER/limits.csv contains the limits of the machine. --draw: draws the data in FOLDER without measuring.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
folder=$1
[ -f "$folder/limits.csv" ] || {
    echo "kernel-plots.sh: $folder/limits.csv is missing; docs/benchmarks/README.md describes its content" >&2
    exit 1
}
benchmarks() { dotnet run --project tests/Benchmarks -c Release -- "$@"; }
if [ "${2:-}" != --draw ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    benchmarks --filter '*' --artifacts "$work"
    cp "$work"/results/*-report.csv "$folder"
fi
benchmarks plots "$folder"
