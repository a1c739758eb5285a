using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Engine;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>LoRA adapters: the logits of merged weights and of llama.cpp, each sequence of a batch with its own, and refusals.</summary>
public sealed class LoraTests : IDisposable
{
    private const int Rank = 3;
    private const float Alpha = 6;
    private static readonly int[] s_text = [1, 400, 30, 31, 32, 7, 90, 301, 5, 44, 45, 46, 47, 200, 201, 202, 3, 4];
    private static readonly string[] s_targets =
        ["blk.0.attn_q.weight", "blk.1.attn_output.weight", "blk.2.ffn_gate.weight", "blk.2.ffn_up.weight", "blk.4.ffn_down.weight"];

    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-lora-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1f)]
    [InlineData(-0.5f)]
    public void Forward_WithAnAdapter_GivesTheLogitsOfMergedWeights(float scale)
    {
        using var model = LanguageModel.Load(TestModels.Stories);
        using var merged = LanguageModel.Load(WriteMerged(scale));
        LoraAdapter adapter = model.LoadAdapter(WriteAdapter("a.gguf"));
        Assert.Equal(s_targets.Length, adapter.MatrixCount);
        float[] expected = ModelRunner.Logits(merged, s_text, s_text.Length, KvCacheType.F32);
        float[] plain = ModelRunner.Logits(model, s_text, s_text.Length, KvCacheType.F32);
        using ModelSession session = model.CreateSession(Options() with { Adapters = [new(adapter, scale)] });
        float[] actual = session.ForwardAll(s_text).ToArray();
        Assert.InRange(Error(expected, actual), 0, 1e-9);
        Assert.True(Error(expected, plain) > 1e-3, "the adapter changes nothing");

        // Token by token and in a batch the bits are the same, and so they are after a switch.
        session.Truncate(0);
        foreach ((int token, int index) in s_text.Select(static (token, index) => (token, index)))
        {
            Assert.Equal(actual.AsSpan(index * model.VocabularySize, model.VocabularySize), session.Forward([token]));
        }

        session.UseAdapters();
        session.Truncate(s_text.Length - 1);
        Assert.Equal(plain.AsSpan((s_text.Length - 1) * model.VocabularySize), session.Forward([s_text[^1]]));
    }

    [Fact]
    public void Run_OfSequencesWithDifferentAdapters_GivesWhatEachGivesAlone()
    {
        using var model = LanguageModel.Load(TestModels.Stories);
        LoraAdapter first = model.LoadAdapter(WriteAdapter("a.gguf"));
        LoraAdapter second = model.LoadAdapter(WriteAdapter("b.gguf", seed: 9));
        AdapterScale[][] all = [[], [new(first)], [new(second, 0.5f), new(first, 0.25f)]];
        float[][] expected = [.. all.Select(adapters =>
        {
            using ModelSession session = model.CreateSession(Options() with { Adapters = adapters });
            return session.ForwardAll(s_text).ToArray();
        })];
        IEngineState[] states = [.. all.Select(adapters =>
        {
            IEngineState state = model.Engine.CreateState(new EngineStateOptions
            {
                Capacity = s_text.Length,
                BatchTokens = s_text.Length,
                KeyType = KvCacheType.F32,
                ValueType = KvCacheType.F32,
            });
            state.UseAdapters(adapters);
            return state;
        })];
        float[][] actual = [.. expected.Select(static logits => new float[logits.Length])];
        model.Engine.Run([.. states.Select((state, index) => new BatchSlice(state, s_text, s_text.Length, actual[index]))]);
        Assert.Equal(expected, actual);
        Array.ForEach(states, static state => state.Dispose());
    }

    [Theory]
    [InlineData("none", "")]
    [InlineData("a1", "a:1")]
    [InlineData("a05", "a:0.5")]
    [InlineData("a1_b07", "a:1,b:0.7")]
    public void ForwardAll_WithAdaptersOfLlamaCpp_GivesItsLogits(string logits, string adapters)
    {
        LogitsFile reference = LogitsFile.Read(SharedData.Require($"conformance/lora/{logits}.logits"));
        using var model = LanguageModel.Load(SharedData.Require("models/tiny-novel-F16.gguf"));
        using ModelSession session = model.CreateSession(new SessionOptions
        {
            ContextLength = reference.Tokens.Length,
            KvCacheType = KvCacheType.F32,
            Adapters = [.. adapters.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(each => new AdapterScale(
                model.LoadAdapter(SharedData.Require($"conformance/lora/{each[0]}.gguf")),
                float.Parse(each[2..], System.Globalization.CultureInfo.InvariantCulture)))],
        });
        Assert.InRange(reference.NormalizedError(session.ForwardAll(reference.Tokens)), 0, 1e-6);
    }

    [Fact]
    public void LoadAdapter_OfAnotherKindOfFile_IsRefused()
    {
        using var model = LanguageModel.Load(TestModels.Stories);
        Refused<UnsupportedModelException>("general.type is 'model'", () => model.LoadAdapter(TestModels.Stories));
        Refused<UnsupportedModelException>(
            "general.architecture is 'gemma'", () => model.LoadAdapter(WriteAdapter("x.gguf", architecture: "gemma")));
        Refused<UnsupportedModelException>(
            "'token_embd.weight', which is no matrix", () => model.LoadAdapter(WriteAdapter("x.gguf", targets: ["token_embd.weight"])));
        Refused<ModelFormatException>("has no tensors", () => model.LoadAdapter(WriteAdapter("x.gguf", targets: [])));
        Refused<ModelFormatException>("'blk.0.attn_q.weight' as a matrix", () => model.LoadAdapter(WriteAdapter("x.gguf", extraRows: 8)));
        Refused<ModelFormatException>("is missing", () => model.LoadAdapter(WriteAdapter("x.gguf", hasUp: false)));
    }

    [Fact]
    public void LoadAdapter_OfAMutatedAdapter_IsRefusedOrRuns()
    {
        using var model = LanguageModel.Load(TestModels.Stories, new ModelOptions { Threads = 1 });
        using ModelSession session = model.CreateSession(Options());
        string path = Path.Combine(_folder, "mutated.gguf");
        RawModel good = RawModel.Copy(WriteAdapter("good.gguf"), path);
        int refused = 0;
        ModelMutation[] mutations =
        [
            .. good.Keys.SelectMany(static key => ModelMutations.OfKey(key.Key, key.Value)),
            .. ModelMutations.OfTensor(good, 0),
            .. ModelMutations.OfTensor(good, 3),
        ];
        foreach (ModelMutation mutation in mutations)
        {
            RawModel mutated = good.Clone();
            mutation.Apply(mutated);
            mutated.WriteTo(path);
            try
            {
                session.UseAdapters(new AdapterScale(model.LoadAdapter(path)));
                session.Truncate(0);
                Assert.True(Array.TrueForAll(session.Forward(s_text).ToArray(), float.IsFinite), mutation.Name);
            }
            catch (EdgeRuntimeException error)
            {
                Assert.False(error.Message.AsSpan().ContainsAnyInRange('\0', '\x1f'), error.Message);
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"{mutation.Name}: {error}");
            }
        }

        Assert.InRange(refused, mutations.Length / 2, mutations.Length - 1);
    }

    [Fact]
    public void UseAdapters_OfAnotherModelOrTwice_IsRefused()
    {
        using var model = LanguageModel.Load(TestModels.Stories);
        using var other = LanguageModel.Load(TestModels.Stories);
        LoraAdapter adapter = model.LoadAdapter(WriteAdapter("a.gguf"));
        using ModelSession session = other.CreateSession(Options());
        Refused<ArgumentException>("another engine has loaded", () => session.UseAdapters(new AdapterScale(adapter)));
        using ModelSession own = model.CreateSession(Options());
        Refused<ArgumentException>("twice", () => own.UseAdapters(new(adapter), new(adapter, 2)));
        Assert.Empty(own.Adapters);
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdapterScale(adapter, float.NaN));
    }

    private static void Refused<T>(string part, Action action)
        where T : Exception
    {
        string message = Assert.Throws<T>(action).Message;
        Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private static SessionOptions Options() => new() { ContextLength = s_text.Length, KvCacheType = KvCacheType.F32 };

    private static double Error(float[] expected, float[] actual) =>
        expected.Zip(actual, static (a, b) => ((double)a - b) * (a - b)).Sum() / expected.Sum(static a => (double)a * a);

    private static float[] Values(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() - 0.5) / 2))];
    }

    private string WriteAdapter(
        string name, int seed = 1, string architecture = "llama", string[]? targets = null, int extraRows = 0, bool hasUp = true)
    {
        using GgufFile model = GgufFile.Open(TestModels.Stories);
        List<TensorCopy> tensors = [];
        foreach (string target in targets ?? s_targets)
        {
            (float[] down, float[] up, int columns, int rows) = Factors(model, target, seed, extraRows);
            tensors.Add(TensorCopy.OfFloats($"{target}.lora_a", down, columns, Rank));
            if (hasUp)
            {
                tensors.Add(TensorCopy.OfFloats($"{target}.lora_b", up, Rank, rows));
            }
        }

        string path = Path.Combine(_folder, name);
        using FileStream stream = File.Create(path);
        var writer = new GgufWriter(stream);
        writer.AddKey("general.architecture", architecture);
        writer.AddKey("general.type", "adapter");
        writer.AddKey("adapter.type", "lora");
        writer.AddKey("adapter.lora.alpha", Alpha);
        tensors.ForEach(tensor => writer.AddTensor(tensor.Name, tensor.Type, tensor.Dimensions));
        tensors.ForEach(tensor => writer.WriteData(tensor.Data));
        writer.Complete();
        return path;
    }

    private string WriteMerged(float scale)
    {
        using GgufFile model = GgufFile.Open(TestModels.Stories);
        return ModelCopy.Write(Path.Combine(_folder, $"merged{scale}.gguf"), model, model.Tensors.Select(tensor =>
        {
            TensorCopy copy = TensorCopy.Of(tensor);
            return s_targets.Contains(tensor.Name) ? Merge(copy, model, scale) : copy;
        }));
    }

    /// <summary>Adds scale * alpha / rank * B A to the weights.</summary>
    private static TensorCopy Merge(TensorCopy tensor, GgufFile model, float scale)
    {
        (float[] down, float[] up, int columns, int rows) = Factors(model, tensor.Name, seed: 1, extraRows: 0);
        float[] weights = MemoryMarshal.Cast<byte, float>(tensor.Data).ToArray();
        for (int i = 0; i < weights.Length; i++)
        {
            double sum = 0;
            for (int k = 0; k < Rank; k++)
            {
                sum += (double)up[((i / columns) * Rank) + k] * down[(k * columns) + (i % columns)];
            }

            weights[i] += (float)(scale * Alpha / Rank * sum);
        }

        return TensorCopy.OfFloats(tensor.Name, weights, columns, rows);
    }

    private static (float[] Down, float[] Up, int Columns, int Rows) Factors(GgufFile model, string target, int seed, int extraRows)
    {
        GgufTensor tensor = model.FindTensor(target)!;
        Assert.Equal(TensorType.F32, tensor.Type);
        (int columns, int rows) = ((int)tensor.Columns, (int)tensor.Rows + extraRows);
        seed += Array.IndexOf(s_targets, target) * 100;
        return (Values(columns * Rank, seed), Values(rows * Rank, seed + 1), columns, rows);
    }
}
