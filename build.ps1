# build.ps1 VERB [arguments]: build, run, test, bench, pack, format, clean. build.sh has the same verbs.
$ErrorActionPreference = 'Stop'
Set-Location $PSScriptRoot
$verb = if ($args.Count -gt 0) { $args[0] } else { 'build' }
$rest = @($args | Select-Object -Skip 1)

function Assert-Success { if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE } }

# Precompiled code halves the start; where the package source has no compiler for this machine, the just-in-time one does all.
function Build {
    $precompiled = @('--use-current-runtime', '-p:SelfContained=false', '-p:PublishReadyToRun=true')
    dotnet restore src/EdgeRuntime.Cli @precompiled -v q > $null
    if ($LASTEXITCODE -ne 0) {
        [Console]::Error.WriteLine('build.ps1: no ready-to-run compiler to be had: the command will start more slowly')
        $precompiled = @()
    }
    dotnet publish src/EdgeRuntime.Cli -c Release @precompiled -o artifacts/edgert -v q --nologo | ForEach-Object { [Console]::Error.WriteLine($_) }
    Assert-Success
}

switch ($verb) {
    'build' { Build }
    'run' { Build; & artifacts/edgert/edgert chat @rest }
    'test' { Build; dotnet test --solution EdgeRuntime.sln -c Release @rest }
    'bench' {
        Build
        & artifacts/edgert/edgert bench
        if (-not $rest) { $rest = '--filter', '*' }
        dotnet run --project tests/Benchmarks -c Release -- @rest
    }
    'pack' { dotnet pack EdgeRuntime.sln -c Release -o artifacts/packages @rest }
    'format' { dotnet format EdgeRuntime.sln @rest }
    'clean' {
        Remove-Item artifacts -Recurse -Force -ErrorAction SilentlyContinue
        Get-ChildItem src, tests -Recurse -Directory -Include bin, obj | Remove-Item -Recurse -Force
    }
    default {
        [Console]::Error.WriteLine("build.ps1: unknown verb '$verb'; verbs: build, run, test, bench, pack, format, clean")
        exit 2
    }
}
exit $LASTEXITCODE
