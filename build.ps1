# build.ps1 VERB [arguments]: build, portable, run, test, bench, pack, format, clean. build.sh has the same verbs.
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

# What the ahead-of-time compiler may take for granted: code for AVX2, AVX-512 or dot products exists only where it may. Nothing where that
# is not known: such a command would have none of them.
function Get-ProcessorLevel {
    if (-not ('System.Runtime.Intrinsics.Arm.Dp' -as [type])) { return } # Windows PowerShell doesn't know them: PowerShell 7 does
    if ([Runtime.Intrinsics.X86.Avx512BW+VL]::IsSupported -and [Runtime.Intrinsics.X86.Avx512DQ+VL]::IsSupported -and [Runtime.Intrinsics.X86.Avx512CD+VL]::IsSupported) { 'x86-64-v4' }
    elseif ([Runtime.Intrinsics.X86.Avx2]::IsSupported -and [Runtime.Intrinsics.X86.Bmi2]::IsSupported -and [Runtime.Intrinsics.X86.Fma]::IsSupported) { 'x86-64-v3' }
    elseif ([Runtime.Intrinsics.Arm.Dp]::IsSupported) { 'dotprod' }
    elseif ([Runtime.Intrinsics.Arm.AdvSimd]::IsSupported) { 'armv8-a' }
}

# For this machine: one file of machine code, which starts at once and needs no .NET. Its linker comes with Visual Studio's C++ tools.
function Build {
    $level = Get-ProcessorLevel
    $built = $false
    if ($level) {
        $ahead = @('--use-current-runtime', '-p:PublishAot=true', "-p:IlcInstructionSet=$level")
        dotnet restore $command @ahead -v q > $null
        if ($LASTEXITCODE -eq 0) { Publish 'artifacts/edgert' $ahead }
        $built = $LASTEXITCODE -eq 0
    }
    if (-not $built) {
        [Console]::Error.WriteLine('build.ps1: no ahead-of-time compiler for this processor (asked by PowerShell 7) or no linker (the C++ tools of Visual Studio) to be had: the command will start more slowly')
        Build-Precompiled 'artifacts/edgert'
    }
}

# For every processor of this system: precompiled, and compiled again where it starts. Needs the .NET runtime there.
function Build-Precompiled([string]$folder) {
    $ready = @('--use-current-runtime', '-p:SelfContained=false', '-p:PublishReadyToRun=true')
    dotnet restore $command @ready -v q > $null
    if ($LASTEXITCODE -ne 0) {
        [Console]::Error.WriteLine('build.ps1: no ready-to-run compiler to be had: the command will start more slowly')
        $ready = @()
    }
    Publish $folder $ready
    Assert-Success
}

switch ($verb) {
    'build' { Build }
    'portable' { Build-Precompiled 'artifacts/portable' }
    'run' { Build; & artifacts/edgert/edgert chat @rest }
    'test' { Build; $env:EDGERT = Join-Path $PSScriptRoot 'artifacts/edgert/edgert.exe'; dotnet test --solution EdgeRuntime.sln -c Release @rest }
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
        [Console]::Error.WriteLine("build.ps1: unknown verb '$verb'; verbs: build, portable, run, test, bench, pack, format, clean")
        exit 2
    }
}
exit $LASTEXITCODE
