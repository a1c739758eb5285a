using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Cpu;
using Xunit;

namespace EdgeRuntime.Tests.Cpu;

public sealed class DisabledInstructionsTests
{
    private const int Fma = 1 << 12;
    private const int SavesVectors = 1 << 27;
    private const int HasAvx2 = 1 << 5;

    [Theory]
    [InlineData(Fma | SavesVectors, HasAvx2, true)]
    [InlineData(-1, -1, true)]
    [InlineData(SavesVectors, HasAvx2, false)]
    [InlineData(Fma, HasAvx2, false)]
    [InlineData(-1, ~HasAvx2, false)]
    [InlineData(0, 0, false)]
    public void HasAvx2_FeatureBits_NeedsAllThree(int features, int extended, bool expected) =>
        Assert.Equal(expected, DisabledInstructions.HasAvx2(features, extended));

    [Fact]
    public void IncludeAvx2_ProcessThatUsesAvx2_IsFalse() =>
        Assert.False(DisabledInstructions.IncludeAvx2 && Avx2.IsSupported && System.Runtime.Intrinsics.X86.Fma.IsSupported);
}
