using System;
using System.Collections.Generic;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary>The warning about scalar code on a processor with vectors, in a process that .NET compiles just in time without AVX2.</summary>
public sealed class ScalarCodeTests
{
    private const string Warning = "Computing with scalar code";

    private static readonly Dictionary<string, string?> s_withoutAvx2 = new() { ["DOTNET_EnableAVX2"] = "0", ["EDGERUNTIME_ISA"] = null };

    [Fact]
    public void Load_Avx2Disabled_WarnsOnce()
    {
        string[] parts = Run().Error.Split(Warning);
        Assert.Equal(2, parts.Length);
        Assert.Contains("DOTNET_EnableAVX2", parts[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ScalarCodeChosen_DoesNotWarn() =>
        Assert.DoesNotContain(Warning, Run("--isa", "scalar").Error, StringComparison.Ordinal);

    private static EdgertResult Run(params string[] arguments)
    {
        Assert.SkipUnless(Avx2.IsSupported, "this machine has no avx2");
        return Edgert.RunFakeIn(s_withoutAvx2, null, ["run", "-m", Edgert.Stories, "-p", "Once", "-n", "1", .. arguments]).Expect(0);
    }
}
