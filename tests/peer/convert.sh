#!/usr/bin/env bash
# convert.sh SOURCE [NAME...]: converts small models of each family with edgert and with llama.cpp's converter, in each type, and compares
# the files tensor for tensor and key for key. SOURCE is a clone of llama.cpp v0.5.0; npm's package node-llama-cpp has one as a git bundle.
# Needs /usr/bin/python3 with numpy, torch and sentencepiece (Debian: python3-numpy, python3-torch, python3-sentencepiece).
# EDGERT names another command than the one that ./build.sh build makes, PYTHON another Python.
set -euo pipefail
[ $# -ge 1 ] && [ -f "$1/convert_hf_to_gguf.py" ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
source=$(realpath "$1")
shift
cd "$(dirname "$0")/../.."
edgert=${EDGERT:-artifacts/edgert/edgert}
python=${PYTHON:-/usr/bin/python3}
[ -x "$edgert" ] || ./build.sh build >&2
"$python" -c 'import numpy, torch, sentencepiece' || { echo "convert.sh: $python lacks numpy, torch or sentencepiece" >&2; exit 1; }
folders=$(mktemp -d)
trap 'rm -rf "$folders"' EXIT
EDGERUNTIME_MODEL_FOLDERS=$folders dotnet test --project tests/EdgeRuntime.Tests -c Release --filter-class '*ModelFolderExport' >&2
"$python" tests/peer/convert.py --tokenizers "$folders"
[ $# -gt 0 ] || set -- $(cd "$folders" && ls -d -- */ | tr -d /)
failed=0
for type in F32 F16 BF16 Q8_0; do
    rm -f "$folders"/*.gguf
    for name in "$@"; do
        "$edgert" convert "$folders/$name" "$folders/$name.gguf" --type "$type" >/dev/null || failed=1
    done
    "$python" tests/peer/convert.py "$source" "$type" "$folders" "$@" 2>"$folders/errors" || failed=1
done
exit $failed
