using System;
using System.Linq;
using System.Numerics;
using EdgeRuntime.Formats;
using Xunit;

namespace EdgeRuntime.Core.Tests.Formats;

public sealed class QuantCodeTests
{
    public static TheoryData<TensorType> Types =>
        [.. TensorFormats.All.Where(format => format.Shape is not null).Select(format => format.Type)];

    /// <summary>The size of a code's structure is the number of steps whose pairs of products sum exactly in int16.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void Steps_GreatestProducts_FitAnInt16(TensorType type)
    {
        QuantCode code = TensorFormats.Get(type).Shape!.Value.Code;
        int most = short.MaxValue / (2 * 127 * code.MaxLevel);
        int powerOfTwo = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(most, 8) + 1) / 2;
        Assert.Equal(most == 0 ? IQuantCode.Signed : powerOfTwo, code.Steps);
    }

    /// <summary>What kernels look up is what a level can be.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void Level_EveryQuant_IsAtMostTheGreatest(TensorType type)
    {
        QuantCode code = TensorFormats.Get(type).Shape!.Value.Code;
        Assert.All(Enumerable.Range(0, 1 << code.Bits), quant => Assert.InRange(code.Level(quant), 0, code.MaxLevel));
    }
}
