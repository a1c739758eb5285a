using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>Matrices with one scale for all weights give the products of matrices with scaled weights.</summary>
public sealed class TensorScaleModelTests : IDisposable
{
    private const double Bound = 1e-10; // the order of a multiplication alone

    private static readonly int[] Tokens = [1, 400, 30, 31, 32, 7, 90, 301, 5, 44, 45, 46];

    private readonly string _root = Directory.CreateTempSubdirectory("edgert-scales-").FullName;
    private readonly Random _random = new(7);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>Also in a family whose feed-forward ignores scales otherwise, and beside a bias.</summary>
    [Theory]
    [InlineData("llama")]
    [InlineData("qwen2")]
    public void Forward_OfNvfp4WithScales_IsThatOfScaledWeights(string architecture)
    {
        using GgufFile source = GgufFile.Open(TestModels.Stories);
        List<TensorCopy> scaled = [];
        List<TensorCopy> folded = [];
        foreach (GgufTensor tensor in source.Tensors)
        {
            string name = tensor.Name[..^".weight".Length];
            if (tensor.Rows == 1 || tensor.Columns % 64 != 0 || !name.StartsWith("blk.", StringComparison.Ordinal))
            {
                scaled.Add(TensorCopy.Of(tensor));
                folded.Add(TensorCopy.Of(tensor));
                continue;
            }

            float scale = 0.3f + _random.NextSingle();
            byte[] blocks = new byte[tensor.Rows * tensor.Columns / 64 * 36];
            ReadOnlySpan<float> weights = MemoryMarshal.Cast<byte, float>(tensor.GetRows(0, (int)tensor.Rows));
            TensorFormats.Get(TensorType.NVFP4).QuantizeRows(weights, (int)tensor.Columns, importance: default, blocks);
            TensorCopy bias = TensorCopy.OfFloats(name + ".bias", Floats((int)tensor.Rows, 0.1f));
            scaled.Add(new TensorCopy(tensor.Name, TensorType.NVFP4, [tensor.Columns, tensor.Rows], blocks));
            scaled.Add(TensorCopy.OfFloats(name + ".scale", [scale]));
            scaled.Add(TensorCopy.OfFloats(name + ".input_scale", [0.01f]));
            scaled.Add(bias);
            folded.Add(TensorCopy.OfFloats(tensor.Name, Dequantize(TensorType.NVFP4, blocks, scale), tensor.Columns, tensor.Rows));
            folded.Add(bias);
        }

        AssertSame(
            ModelCopy.Write(Path.Combine(_root, "folded.gguf"), source, folded, architecture),
            ModelCopy.Write(Path.Combine(_root, "scaled.gguf"), source, scaled, architecture));
    }

    /// <summary>No output matrix: the embedding's scale would have to apply to the embedding as well, which no known file means.</summary>
    [Fact]
    public void Load_ScaleBesideATiedEmbedding_IsRefusedByName()
    {
        using GgufFile source = GgufFile.Open(TestModels.Stories);
        IEnumerable<TensorCopy> tensors = source.Tensors.Where(static tensor => tensor.Name != "output.weight").Select(TensorCopy.Of)
            .Append(TensorCopy.OfFloats("token_embd.scale", [2]));
        string path = ModelCopy.Write(Path.Combine(_root, "m.gguf"), source, tensors);
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => LanguageModel.Load(path).Dispose());
        Assert.Contains("'token_embd.scale'", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The layout of bitnet.cpp, packed here from its description, in its three architectures and in every tensor.</summary>
    [Theory]
    [InlineData("bitnet")]
    [InlineData("bitnet-b1.58")]
    [InlineData("bitnet-25")]
    public void Forward_OfI2S_IsThatOfTheTernaryWeights(string architecture)
    {
        const int Hidden = 128;
        const int Width = 256;
        using GgufFile source = GgufFile.Open(TestModels.Stories);
        List<TensorCopy> packed = [];
        List<TensorCopy> expanded = [];
        foreach ((string name, int rows, int columns) in new[]
        {
            ("token_embd", 512, Hidden), ("output_norm", 1, Hidden), ("blk.0.attn_norm", 1, Hidden), ("blk.0.attn_sub_norm", 1, Hidden),
            ("blk.0.attn_q", Hidden, Hidden), ("blk.0.attn_k", Hidden / 2, Hidden), ("blk.0.attn_v", Hidden / 2, Hidden),
            ("blk.0.attn_output", Hidden, Hidden), ("blk.0.ffn_norm", 1, Hidden), ("blk.0.ffn_sub_norm", 1, Width),
            ("blk.0.ffn_gate", Width, Hidden), ("blk.0.ffn_up", Width, Hidden), ("blk.0.ffn_down", Hidden, Width),
        })
        {
            sbyte[] ternary = [.. Enumerable.Range(0, rows * columns).Select(_ => (sbyte)_random.Next(-1, 2))];
            float scale = 0.05f + _random.NextSingle();
            packed.Add(new TensorCopy(name + ".weight", TensorType.I2_S, [columns, rows], PackI2S(ternary, scale)));
            expanded.Add(TensorCopy.OfFloats(name + ".weight", Array.ConvertAll(ternary, weight => weight * scale), columns, rows));
        }

        Dictionary<string, object> shape = new()
        {
            ["block_count"] = 1u,
            ["embedding_length"] = (uint)Hidden,
            ["feed_forward_length"] = (uint)Width,
            ["attention.head_count"] = 4u,
            ["attention.head_count_kv"] = 2u,
            ["rope.dimension_count"] = (uint)Hidden / 4,
        };
        AssertSame(
            ModelCopy.Write(Path.Combine(_root, "expanded.gguf"), source, expanded, architecture, shape),
            ModelCopy.Write(Path.Combine(_root, "packed.gguf"), source, packed, architecture, shape));
    }

    /// <summary>A trained model, whose weights and scales I2_S holds exactly, with int8 activations and the fast kernels.</summary>
    [Fact]
    public void Forward_OfATrainedModelAsI2S_IsThatOfTQ2_0()
    {
        string path = SharedData.Require("models/tiny-bitnet-TQ2_0.gguf");
        using GgufFile source = GgufFile.Open(path);
        List<TensorCopy> tensors = [];
        foreach (GgufTensor tensor in source.Tensors.Where(static tensor => !tensor.Name.EndsWith(".scale", StringComparison.Ordinal)))
        {
            if (tensor.Type != TensorType.TQ2_0)
            {
                tensors.Add(TensorCopy.Of(tensor));
                continue;
            }

            byte[] blocks = tensor.GetRows(0, (int)tensor.Rows).ToArray();
            sbyte[] ternary = Array.ConvertAll(Dequantize(TensorType.TQ2_0, blocks, 1), static weight => (sbyte)weight);
            string scaleName = tensor.Name.Replace(".weight", ".scale", StringComparison.Ordinal);
            float scale = BitConverter.ToSingle(source.FindTensor(scaleName)!.GetRows(0, 1));
            tensors.Add(new TensorCopy(tensor.Name, TensorType.I2_S, [tensor.Columns, tensor.Rows], PackI2S(ternary, scale)));
        }

        LogitsFile reference = LogitsFile.Read(SharedData.Require("models/tiny-bitnet.f32.logits"));
        using var model = LanguageModel.Load(ModelCopy.Write(Path.Combine(_root, "m.gguf"), source, tensors));
        Assert.InRange(reference.NormalizedError(ModelRunner.Logits(model, reference.Tokens, 16)), 0, 2.5e-5);
    }

    private static void AssertSame(string expectedPath, string path)
    {
        var exact = new ModelOptions { Exact = true };
        using var expected = LanguageModel.Load(expectedPath, exact);
        using var model = LanguageModel.Load(path, exact);
        var reference = new LogitsFile(Tokens, expected.VocabularySize, ModelRunner.Logits(expected, Tokens, 5, KvCacheType.F32));
        Assert.InRange(reference.NormalizedError(ModelRunner.Logits(model, Tokens, 5, KvCacheType.F32)), 0, Bound);
        using var quantized = LanguageModel.Load(path);
        Assert.InRange(reference.NormalizedError(ModelRunner.Logits(quantized, Tokens, 5)), 0, 0.01);
    }

    /// <summary>
    /// Packs blocks of 128 weights: byte l holds w + 1 of the weights l, 32 + l, 64 + l and 96 + l, from its highest bits down. The scale
    /// follows the blocks.
    /// </summary>
    private static byte[] PackI2S(sbyte[] ternary, float scale)
    {
        byte[] bytes = new byte[(ternary.Length / 4) + 32];
        for (int i = 0; i < ternary.Length; i++)
        {
            int place = i % 128;
            bytes[(i / 128 * 32) + (place % 32)] |= (byte)((ternary[i] + 1) << (6 - (2 * (place / 32))));
        }

        BitConverter.TryWriteBytes(bytes.AsSpan(ternary.Length / 4), scale);
        return bytes;
    }

    private static float[] Dequantize(TensorType type, byte[] blocks, float scale)
    {
        TensorFormat format = TensorFormats.Get(type);
        float[] weights = new float[blocks.Length / format.BlockBytes * format.BlockWeights];
        format.Dequantize(blocks, weights);
        return Array.ConvertAll(weights, weight => weight * scale);
    }

    private float[] Floats(int count, float size) => [.. Enumerable.Range(0, count).Select(_ => size * ((2 * _random.NextSingle()) - 1))];
}
