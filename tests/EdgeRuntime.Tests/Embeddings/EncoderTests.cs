using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Embeddings;

/// <summary>Every family that makes embeddings, with random weights, against the results of llama.cpp for each kind of pooling.</summary>
public sealed class EncoderTests
{
    private const double MostError = 1e-6;

    // llama.cpp reads GELU from a table of float16 numbers, which this model's head applies to small numbers.
    private const double MostErrorOfGeluHead = 1e-5;

    public static TheoryData<string> Models() =>
        [.. SharedData.RequireFiles(RandomModels.Encoders, "*.head").Select(static path => Path.GetFileNameWithoutExtension(path)!)];

    [Theory]
    [MemberData(nameof(Models))]
    public void Embed_OfARandomModel_MatchesTheReference(string name)
    {
        EmbeddingsFile reference = EmbeddingsFile.Read(SharedData.Require($"{RandomModels.Encoders}/{name}.embeddings"));
        using var model = LanguageModel.Load(RandomModels.PathOf(name, RandomModels.Encoders), new ModelOptions { Threads = 2 });
        double mostError = name == "modern-bert-rank" ? MostErrorOfGeluHead : MostError;
        foreach ((EmbeddingPooling pooling, float[] expected) in reference.Values)
        {
            var options = new EmbeddingOptions { Pooling = pooling, Normalization = -1 };
            float[] together = Join(model.Embed(reference.Texts, options));
            Assert.Equal(expected.Length, together.Length);
            double error = Error(expected, together);
            Assert.True(error < mostError, $"{pooling}: normalized mean squared error {error:e1}");
            Assert.Equal(together, Join(model.Embed(reference.Texts, options with { BatchTokens = 1 })));
        }
    }

    [Theory]
    [InlineData("bert")]
    [InlineData("nomic-bert")]
    [InlineData("modern-bert")]
    public void Embed_WithInt8Activations_IsNearFloatsAndDoesNotDependOnTheBatch(string name)
    {
        const double LeastCosine = 0.9999;
        ReadOnlyMemory<int>[] texts =
            EmbeddingsFile.Read(SharedData.Require($"{RandomModels.Encoders}/{name}.embeddings")).Texts;
        var options = new EmbeddingOptions { Pooling = EmbeddingPooling.Mean };
        string path = Path.GetTempFileName();
        try
        {
            Quantize(RandomModels.PathOf(name, RandomModels.Encoders), path);
            using var exact = LanguageModel.Load(path, new ModelOptions { Threads = 2, Exact = true });
            using var model = LanguageModel.Load(path, new ModelOptions { Threads = 2 });
            IReadOnlyList<TextEmbedding> expected = exact.Embed(texts, options);
            IReadOnlyList<TextEmbedding> together = model.Embed(texts, options);
            Assert.Equal(Join(together), Join(model.Embed(texts, options with { BatchTokens = 1 })));
            using var quick = LanguageModel.Load(path, new ModelOptions { Threads = 2, QuickStart = true, QuickStartBytes = 0 });
            for (int pass = 0; pass < 3; pass++)
            {
                Assert.Equal(Join(together), Join(quick.Embed(texts, options)));
            }

            Assert.All(texts.Select((_, i) => i), i => Assert.True(
                TensorPrimitives.CosineSimilarity(expected[i].Values.Span, together[i].Values.Span) > LeastCosine));
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Copies a model and quantizes the matrices of its layers.</summary>
    private static void Quantize(string path, string target)
    {
        using GgufFile source = GgufFile.Open(path);
        TensorFormat format = TensorFormats.Get(TensorType.Q8_0);
        ModelCopy.Write(target, source, source.Tensors.Select(tensor =>
        {
            TensorCopy copy = TensorCopy.Of(tensor);
            if (!tensor.Name.StartsWith("blk.", StringComparison.Ordinal) || copy.Dimensions.Length < 2)
            {
                return copy;
            }

            ReadOnlySpan<float> weights = MemoryMarshal.Cast<byte, float>(copy.Data);
            byte[] quantized = new byte[format.RowBytes(weights.Length)];
            format.QuantizeRows(weights, weights.Length, importance: default, quantized);
            return copy with { Type = TensorType.Q8_0, Data = quantized };
        }));
    }

    private static float[] Join(IReadOnlyList<TextEmbedding> embeddings) =>
        [.. embeddings.SelectMany(static embedding => embedding.Values.ToArray())];

    private static double Error(float[] expected, float[] actual) =>
        expected.Zip(actual, static (a, b) => Math.Pow(a - b, 2)).Sum() / expected.Sum(static value => Math.Pow(value, 2));

    /// <summary>A file of reference embeddings; <c>tests/data/README.md</c> has the format.</summary>
    private sealed record EmbeddingsFile(ReadOnlyMemory<int>[] Texts, List<(EmbeddingPooling Pooling, float[] Values)> Values)
    {
        public static EmbeddingsFile Read(string path)
        {
            using var reader = new BinaryReader(File.OpenRead(path));
            int[] lengths = Integers(reader, reader.ReadInt32());
            ReadOnlyMemory<int>[] texts = [.. lengths.Select(length => (ReadOnlyMemory<int>)Integers(reader, length))];
            var values = new List<(EmbeddingPooling, float[])>();
            for (int count = reader.ReadInt32(); count > 0; count--)
            {
                var pooling = (EmbeddingPooling)reader.ReadInt32();
                int vectors = pooling == EmbeddingPooling.None ? lengths.Sum() : lengths.Length;
                byte[] bytes = reader.ReadBytes(vectors * reader.ReadInt32() * sizeof(float));
                values.Add((pooling, MemoryMarshal.Cast<byte, float>(bytes).ToArray()));
            }

            return new EmbeddingsFile(texts, values);
        }

        private static int[] Integers(BinaryReader reader, int count) =>
            [.. Enumerable.Range(0, count).Select(_ => reader.ReadInt32())];
    }
}
