using System;
using System.Linq;
using EdgeRuntime.Formats;
using Xunit;

namespace EdgeRuntime.Core.Tests.Formats;

public sealed class TensorFormatsTests
{
    [Theory]
    [InlineData(TensorType.I32, "tensor type I32 is for data, not for weights; types that work: F32, F16, ")]
    [InlineData(TensorType.F64, "tensor type F64 is for data, not for weights; types that work: F32, F16, ")]
    [InlineData(TensorType.Q8_K, "tensor type Q8_K has no kernels; types that work: F32, F16, ")]
    public void Get_TypeOfNoMatrix_SaysWhyAndWhatWorks(TensorType type, string expected)
    {
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => TensorFormats.Get(type));
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Every type that files may have is one that is defined, data, or one that ggml makes of activations alone.</summary>
    [Fact]
    public void All_TypesOfFiles_AreThere()
    {
        TensorType[] others = [.. TensorTypes.All.Where(facts => !facts.IsRemoved && !facts.IsData).Select(facts => facts.Type)
            .Except(TensorFormats.All.Select(format => format.Type))];
        Assert.Equal([TensorType.Q8_1, TensorType.Q8_K], others);
        Assert.All(TensorFormats.All, format => Assert.Equal(
            (format.BlockWeights, format.BlockBytes),
            (TensorTypes.Find(format.Type)!.BlockElements, TensorTypes.Find(format.Type)!.BlockBytes)));
    }
}
