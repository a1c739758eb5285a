using System;
using System.Globalization;
using System.IO;
using System.Linq;
using EdgeRuntime.Kernels.Emit;
using EdgeRuntime.Kernels.Gemm;
using Xunit;

namespace EdgeRuntime.Core.Tests.Kernels.Gemm;

public sealed class EmittedCodeTests
{
    [Fact]
    public void Make_AnyCode_IsExecutableAndNotWritable()
    {
        Assert.SkipUnless(Avx512VnniTile.IsSupported, "avx512-vnni is not on this machine");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the list of mappings is Linux's");
        nint entry = VnniTileEmitter.Make(ExpandedLayouts.All[0], new TileForm(Panels: 1, Stride: 1, Tokens: 1));
        string mapping = File.ReadLines("/proc/self/maps").Single(line => Holds(line, (ulong)entry));
        Assert.Equal("r-xp", mapping.Split(' ')[1]);
    }

    [Fact]
    public void IsSupported_OtherThanX64_IsFalse()
    {
        Assert.SkipWhen(
            System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64,
            "this is x64");
        Assert.False(EmittedCode.IsSupported);
    }

    private static bool Holds(string mapping, ulong address)
    {
        string[] ends = mapping.Split(' ')[0].Split('-');
        return ulong.Parse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) <= address
            && address < ulong.Parse(ends[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
