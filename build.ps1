# build.ps1 VERB [arguments]: build, portable, run, test, bench, pack, api, format, clean. build.sh has the same verbs.
$ErrorActionPreference = 'Stop'
Set-Location $PSScriptRoot
$verb = if ($args.Count -gt 0) { $args[0] } else { 'build' }
$rest = @($args | Select-Object -Skip 1)
$command = 'src/EdgeRuntime.Cli'

function Assert-Success { if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE } }

function Publish([string]$folder, [string[]]$properties) {
    if (Test-Path $folder) { Remove-Item $folder -Recurse -Force }
    dotnet publish $command -c Release -o $folder -v q --nologo @properties | ForEach-Object { [Console]::Error.WriteLine($_) }
}

# Returns the properties of an ahead-of-time build for this processor: an instruction set above the default of EdgeRuntime.targets, if the
# processor has one. Returns null for a processor that lacks the default or is unknown, since its command would have scalar code only.
function Get-ProcessorProperties {
    if (-not ('System.Runtime.Intrinsics.Arm.Dp' -as [type])) { return $null } # Windows PowerShell lacks these types; PowerShell 7 has them
    $avx512 = [Runtime.Intrinsics.X86.Avx512BW+VL]::IsSupported -and
        [Runtime.Intrinsics.X86.Avx512DQ+VL]::IsSupported -and
        [Runtime.Intrinsics.X86.Avx512CD+VL]::IsSupported
    $avx2 = [Runtime.Intrinsics.X86.Avx2]::IsSupported -and
        [Runtime.Intrinsics.X86.Bmi2]::IsSupported -and
        [Runtime.Intrinsics.X86.Fma]::IsSupported
    if ($avx512) { , @('-p:IlcInstructionSet=x86-64-v4') }
    elseif ([Runtime.Intrinsics.Arm.Dp]::IsSupported) { , @('-p:IlcInstructionSet=dotprod') }
    elseif ($avx2 -or [Runtime.Intrinsics.Arm.AdvSimd]::IsSupported) { , @() }
    else { $null }
}

# Builds the command for this machine: one file of machine code, which starts at once and needs no .NET. The linker is part of Visual
# Studio's C++ tools.
function Build {
    $processor = Get-ProcessorProperties
    $built = $false
    if ($null -ne $processor) {
        $ahead = @('--use-current-runtime', '-p:PublishAot=true') + $processor
        dotnet restore $command @ahead -v q > $null
        if ($LASTEXITCODE -eq 0) { Publish 'artifacts/edgert' $ahead }
        $built = $LASTEXITCODE -eq 0
    }
    if (-not $built) {
        $reason = 'found no ahead-of-time compiler for this processor, or no linker'
        [Console]::Error.WriteLine("build.ps1: $reason; the command will start more slowly")
        Build-Precompiled 'artifacts/edgert'
    }
}

# Builds the command for every processor of this system: precompiled, and compiled again at run time. It needs the .NET runtime.
function Build-Precompiled([string]$folder) {
    $ready = @('--use-current-runtime', '-p:SelfContained=false', '-p:PublishReadyToRun=true')
    dotnet restore $command @ready -v q > $null
    if ($LASTEXITCODE -ne 0) {
        [Console]::Error.WriteLine('build.ps1: found no ready-to-run compiler; the command will start more slowly')
        $ready = @()
    }
    Publish $folder $ready
    Assert-Success
}

switch ($verb) {
    'build' { Build }
    'portable' { Build-Precompiled 'artifacts/portable' }
    'run' { Build; & artifacts/edgert/edgert chat @rest }
    'test' {
        Build
        $env:EDGERT = Join-Path $PSScriptRoot 'artifacts/edgert/edgert.exe'
        $tests = '--filter-not-trait', 'Speed=Slow' # the fast tests; with --slow the others, with --all both
        if ($rest.Count -gt 0 -and $rest[0] -in '--slow', '--all') {
            # Exit code 8: a project without slow tests.
            $tests = if ($rest[0] -eq '--slow') { '--filter-trait', 'Speed=Slow', '--ignore-exit-code', '8' } else { @() }
            $rest = @($rest | Select-Object -Skip 1)
        }
        dotnet test --solution EdgeRuntime.sln -c Release @tests @rest
    }
    'bench' {
        Build
        & artifacts/edgert/edgert bench
        if (-not $rest) { $rest = '--filter', '*' }
        dotnet run --project tests/Benchmarks -c Release -- @rest
    }
    'pack' { dotnet pack EdgeRuntime.sln -c Release -o artifacts/packages @rest }
    'api' {
        # One project after another: in a solution, the fixes of one replace those of another.
        Get-ChildItem src/*/PublicAPI.Unshipped.txt | ForEach-Object {
            dotnet format analyzers $_.DirectoryName --diagnostics RS0016 RS0017 --severity warn @rest
        }
    }
    'format' { dotnet format EdgeRuntime.sln @rest }
    'clean' {
        Remove-Item artifacts -Recurse -Force -ErrorAction SilentlyContinue
        Get-ChildItem src, tests -Recurse -Directory -Include bin, obj | Remove-Item -Recurse -Force
    }
    default {
        [Console]::Error.WriteLine("build.ps1: unknown verb '$verb'; verbs: build, portable, run, test, bench, pack, api, format, clean")
        exit 2
    }
}
exit $LASTEXITCODE
