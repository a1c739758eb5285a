#!/usr/bin/env bash
# programs.sh [MODEL]: compares the programs of a first day with EdgeRuntime and with LLamaSharp, in lines of code: lines that are not
# empty, and neither comments, directives nor braces alone. Prints a table; fails where one of ours is longer. With a model, it also builds
# and runs them (a server must begin to listen) and fails where one does not work.
set -euo pipefail
cd "$(dirname "$0")/programs"
model=${1:+$(cd "$OLDPWD" && realpath "$1")}

count() { # count FILE
    grep -vcE '^[[:space:]]*($|//|#:|using [A-Z][A-Za-z.]*;|[]{}();]+$)' "$1"
}

works() { # works FILE
    if [[ $1 == */web.cs ]]; then
        ASPNETCORE_URLS=http://127.0.0.1:0 timeout 300 dotnet run "$1" -- "$model" 2>/dev/null | grep -m 1 'Now listening on' >/dev/null
    else
        dotnet run "$1" -- "$model" >/dev/null 2>&1
    fi
}

failed=0
echo '| program | EdgeRuntime | LLamaSharp |'
echo '|---|---|---|'
for ours in edgeruntime/*.cs; do
    peer=llamasharp/${ours##*/}
    printf '| %s | %d | %d |\n' "$(basename "$ours" .cs | tr - ' ')" "$(count "$ours")" "$(count "$peer")"
    [ "$(count "$ours")" -le "$(count "$peer")" ] || { echo "$ours is longer than $peer" >&2; failed=1; }
    for program in ${model:+"$ours" "$peer"}; do
        works "$program" || { echo "$program does not work" >&2; failed=1; }
    done
done
exit $failed
