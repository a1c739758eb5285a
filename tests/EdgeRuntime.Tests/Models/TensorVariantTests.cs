using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Tests.Support;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>Files whose matrices have other types or sizes than in the usual files of a family, and compute the same.</summary>
public sealed class TensorVariantTests : IDisposable
{
    private static readonly int[] s_text = [1, 40, 30, 31, 32, 7, 90, 101, 5, 44, 45];

    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-variant-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The quantized matrix reads its input in another form than the float one beside it.</summary>
    [Theory]
    [InlineData(".ffn_up_exps.weight")]
    [InlineData(".ffn_gate_exps.weight")]
    public void ForwardAll_OfExpertsWithMatricesOfTwoTypes_IsNearThatOfOneType(string part)
    {
        float[] expected = Logits("qwen3moe-moe", tensor => Has(tensor, part) ? Dequantized(Quantized(tensor)) : tensor);
        float[] actual = Logits("qwen3moe-moe", tensor => Has(tensor, part) ? Quantized(tensor) : tensor);
        double error = expected.Zip(actual, static (a, b) => ((double)a - b) * (a - b)).Sum() / expected.Sum(static a => (double)a * a);
        Assert.InRange(error, 1e-12, 1e-3);
    }

    [Fact]
    public void ForwardAll_WithAGateForEachElement_EqualsEqualGatesForEachHead() =>
        Assert.Equal(Logits("laguna-moe", static tensor => tensor), Logits("laguna-moe", static tensor => Has(tensor, ".attn_gate.weight")
            ? RepeatRows(tensor, count: 80) // the length of a head
            : tensor));

    private static bool Has(TensorCopy tensor, string part) => tensor.Name.Contains(part, StringComparison.Ordinal);

    private static TensorCopy RepeatRows(TensorCopy tensor, int count)
    {
        (long columns, long rows) = (tensor.Dimensions[0], tensor.Dimensions[1]);
        byte[][] chunks = [.. tensor.Data.Chunk((int)columns * sizeof(float)).SelectMany(row => Enumerable.Repeat(row, count))];
        return tensor with { Dimensions = [columns, rows * count], Data = [.. chunks.SelectMany(static row => row)] };
    }

    private static TensorCopy Quantized(TensorCopy tensor)
    {
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(tensor.Data);
        byte[] blocks = new byte[values.Length / 32 * 34];
        TensorFormats.Find(TensorType.Q8_0)!.QuantizeRows(values, values.Length, importance: default, blocks);
        return tensor with { Type = TensorType.Q8_0, Data = blocks };
    }

    private static TensorCopy Dequantized(TensorCopy tensor)
    {
        float[] values = new float[tensor.Data.Length / 34 * 32];
        TensorFormats.Find(tensor.Type)!.Dequantize(tensor.Data, values);
        return TensorCopy.OfFloats(tensor.Name, values, tensor.Dimensions);
    }

    /// <summary>Computes a copy of a model together, and then token by token, which gives the same.</summary>
    private float[] Logits(string name, Func<TensorCopy, TensorCopy> change)
    {
        string path = Path.Combine(_folder, "model.gguf");
        using (GgufFile source = GgufFile.Open(RandomModels.PathOf(name)))
        {
            ModelCopy.Write(path, source, source.Tensors.Select(tensor => change(TensorCopy.Of(tensor))));
        }

        using var model = LanguageModel.Load(path);
        float[] together = ModelRunner.Logits(model, s_text, s_text.Length);
        Assert.Equal(together, ModelRunner.Logits(model, s_text, chunk: 1));
        return together;
    }
}
