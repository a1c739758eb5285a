using System;
using System.IO;
using System.Linq;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>Weights that make infinities or NaN of activations end in an error that names the place, and never in logits.</summary>
public sealed class NonFiniteTests : IDisposable
{
    private const int Hidden = 64; // of the small model

    private static readonly int[] Tokens = [1, 400, 30, 31, 32, 7, 90, 301, 5, 44, 45, 46];

    private readonly string _root = Directory.CreateTempSubdirectory("edgert-non-finite-").FullName;

    public static TheoryData<string, float, int?, string, KvCacheType> Overflows()
    {
        TheoryData<string, float, int?, string, KvCacheType> cases = [];
        foreach (int layer in (int[])[0, 2, 4])
        {
            cases.Add($"blk.{layer}.ffn_down.weight", 3e38f, layer, "feed-forward", KvCacheType.F16);
            cases.Add($"blk.{layer}.ffn_gate.weight", 3e38f, layer, "feed-forward", KvCacheType.F16);
            cases.Add($"blk.{layer}.attn_q.weight", 3e38f, layer, "attention", KvCacheType.F16);
            cases.Add($"blk.{layer}.attn_output.weight", 3e38f, layer, "attention", KvCacheType.F16);
            cases.Add($"blk.{layer}.ffn_down.weight", 1e25f, layer, "feed-forward", KvCacheType.F16); // finite, but no norm can square it
        }

        foreach (KvCacheType type in Enum.GetValues<KvCacheType>())
        {
            cases.Add("blk.3.attn_k.weight", 3e38f, 3, "keys", type);
            cases.Add("blk.3.attn_v.weight", 3e38f, 3, "values", type);
            cases.Add("output_norm.weight", 3e38f, null, "output", type);
        }

        return cases;
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [MemberData(nameof(Overflows))]
    public void Forward_OfWeightsThatOverflow_NamesTheLayerAndLeavesTheSession(
        string tensor, float value, int? layer, string stage, KvCacheType type)
    {
        using var model = LanguageModel.Load(DamagedModel.Write(Path.Combine(_root, "m.gguf"), tensor, value, count: null));
        foreach (int batch in (int[])[1, 5, 512])
        {
            using ModelSession session = model.CreateSession(new SessionOptions { BatchTokens = batch, KvCacheType = type });
            NonFiniteException error = Assert.Throws<NonFiniteException>(() => session.Forward(Tokens).Length);
            Assert.Equal(layer, error.Layer);
            Assert.Equal(0, session.Length);
            Assert.Contains(stage, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
            Assert.Throws<NonFiniteException>(() => session.ForwardAll(Tokens.AsSpan(0, Math.Min(batch, Tokens.Length))).Length);
            Assert.Equal(0, session.Length);
        }
    }

    /// <summary>A cache of 16-bit numbers stores NaN as a number: later positions alone would not show it.</summary>
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(1e30f)]
    public void Forward_OfATokenWithABadEmbedding_NamesThePosition(float value)
    {
        string path = DamagedModel.Write(Path.Combine(_root, "m.gguf"), "token_embd.weight", value, 31 * Hidden + 5);
        using var model = LanguageModel.Load(path);
        foreach (int batch in (int[])[1, 2, 512])
        {
            using ModelSession session = model.CreateSession(new SessionOptions { BatchTokens = batch });
            session.Forward([1, 2]);
            float[] before = session.Forward([3]).ToArray();
            NonFiniteException error = Assert.Throws<NonFiniteException>(() => session.Forward([4, 5, 31, 6, 7, 8]).Length);
            Assert.Equal((null, 5), (error.Layer, error.Position));
            Assert.Contains("embedding", error.Message, StringComparison.Ordinal);
            Assert.Equal([1, 2, 3], session.Tokens.ToArray());
            session.Truncate(2);
            Assert.Equal(before, session.Forward([3]).ToArray());
        }
    }

    [Theory]
    [InlineData("blk.3.attn_norm.weight")]
    [InlineData("blk.3.ffn_norm.weight")]
    [InlineData("output_norm.weight")]
    [InlineData("blk.4.ffn_up.weight")]
    public void Load_OfAWeightThatIsNotFinite_NamesTheTensor(string tensor)
    {
        foreach (float value in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            string path = DamagedModel.Write(Path.Combine(_root, "m.gguf"), tensor, value, first: 7);
            foreach (bool exact in (bool[])[false, true])
            {
                string message = Assert.Throws<ModelFormatException>(
                    () => LanguageModel.Load(path, new ModelOptions { Exact = exact }).Dispose()).Message;
                Assert.Contains(tensor, message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Generate_WithEveryDraft_EndsInTheSameError()
    {
        using var model =
            LanguageModel.Load(DamagedModel.Write(Path.Combine(_root, "m.gguf"), "blk.2.ffn_down.weight", 3e38f, count: null));
        using ModelSession session = model.CreateSession();
        foreach (bool draft in (bool[])[false, true])
        {
            NonFiniteException error = Assert.Throws<NonFiniteException>(
                () => session.Generate("Once upon a time", new GenerationOptions { NgramDraft = draft }).Count());
            Assert.Equal(2, error.Layer);
            Assert.Throws<NonFiniteException>(() => new ChatSession(session).Send("Once upon a time").Count());
        }
    }
}
