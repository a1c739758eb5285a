using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Quantization;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Quantization;

/// <summary>Files of importance matrices: those of llama.cpp, own ones, old ones and damaged ones.</summary>
public sealed class ImportanceMatrixTests : IDisposable
{
    private const string Tensor = "blk.0.ffn_down.weight";

    private readonly string _folder = Directory.CreateTempSubdirectory("imatrix").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Load_FileOfLlamaCpp_HasItsTensorsAndFacts()
    {
        var matrix = ImportanceMatrix.Load(SharedData.Require("models/tiny-novel.imatrix.gguf"));
        Assert.Equal((213, 256, "novel-calibration.txt"), (matrix.ChunkCount, matrix.ChunkSize, Assert.Single(matrix.Datasets)));
        Assert.Equal(8 * 7, matrix.Tensors.Count);
        Assert.True(matrix.TryGet(Tensor, out ReadOnlyMemory<float> importance));
        Assert.Equal(768, importance.Length);
        Assert.All(importance.ToArray(), static value => Assert.InRange(value, float.Epsilon, 1e6f));
        Assert.False(matrix.TryGet("output.weight", out _));
    }

    [Fact]
    public void Save_LoadedFile_WritesTheSameBytes()
    {
        string path = SharedData.Require("models/tiny-novel.imatrix.gguf");
        string copy = Path.Combine(_folder, "copy.gguf");
        ImportanceMatrix.Load(path).Save(copy);
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(copy));
    }

    [Fact]
    public void TryGet_ExpertWithoutTokens_IsOneInEveryColumn()
    {
        string path = Write([(Tensor + ".in_sum2", [2, 3], [2, 4, 5, 6, 9, 12]), (Tensor + ".counts", [1, 3], [2, 0, 3])]);
        Assert.True(ImportanceMatrix.Load(path).TryGet(Tensor, out ReadOnlyMemory<float> importance));
        Assert.Equal([1, 2, 1, 1, 3, 4], importance.ToArray());
    }

    [Fact]
    public void Add_AnotherMatrix_SumsBoth()
    {
        var matrix = ImportanceMatrix.Load(Write([(Tensor + ".in_sum2", [2], [2, 4]), (Tensor + ".counts", [1], [8])]));
        matrix.Add(ImportanceMatrix.Load(Write([(Tensor + ".in_sum2", [2], [6, 12]), (Tensor + ".counts", [1], [8])])));
        Assert.True(matrix.TryGet(Tensor, out ReadOnlyMemory<float> importance));
        Assert.Equal([0.5f, 1], importance.ToArray());
        Assert.Equal(["a.txt", "a.txt"], matrix.Datasets);
        Assert.Equal(4, matrix.ChunkCount);
        var other = ImportanceMatrix.Load(Write([(Tensor + ".in_sum2", [3], [6, 12, 1]), (Tensor + ".counts", [1], [8])]));
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => matrix.Add(other));
        Assert.Contains("3 values, expected 2", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OlderBinaryFormat_HasTheSameMeans()
    {
        string path = Path.Combine(_folder, "old.dat");
        using (var writer = new BinaryWriter(File.Create(path)))
        {
            writer.Write(1);
            WriteText(writer, Tensor);
            writer.Write(4);
            writer.Write(2);
            writer.Write(8f);
            writer.Write(2f);
            writer.Write(4);
            WriteText(writer, "old.txt");
        }

        var matrix = ImportanceMatrix.Load(path);
        Assert.True(matrix.TryGet(Tensor, out ReadOnlyMemory<float> importance));
        Assert.Equal([2, 0.5f], importance.ToArray());
        Assert.Equal((4, "old.txt"), (matrix.ChunkCount, Assert.Single(matrix.Datasets)));
        AssertDamageIsOneLine(File.ReadAllBytes(path));
    }

    [Fact]
    public void Load_DamagedFile_IsOneLineThatNamesTheFile() =>
        AssertDamageIsOneLine(File.ReadAllBytes(Write([(Tensor + ".in_sum2", [2], [2, 4]), (Tensor + ".counts", [1], [8])])));

    [Theory]
    [InlineData("found no tensor", new float[] { 1 }, null)]
    [InlineData("expected a finite number", new float[] { float.NaN }, new float[] { 1 })]
    [InlineData("expected a finite number", new float[] { -1 }, new float[] { 1 })]
    [InlineData("expected a number of tokens", new float[] { 1 }, new[] { float.PositiveInfinity })]
    [InlineData("expected a number of tokens", new float[] { 1 }, new[] { 1e30f })]
    [InlineData("found 2 counts for 3 sums", new float[] { 1, 2, 3 }, new float[] { 1, 1 })]
    public void Load_ContradictoryTensors_SaysWhat(string expected, float[] squares, float[]? counts)
    {
        List<(string, long[], float[])> tensors = [(Tensor + ".in_sum2", [squares.Length], squares)];
        if (counts is not null)
        {
            tensors.Add((Tensor + ".counts", [counts.Length], counts));
        }

        string path = Write(tensors);
        string message = Assert.Throws<ModelFormatException>(() => ImportanceMatrix.Load(path)).Message;
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Model_SaysThatItIsNoImportanceMatrix()
    {
        string path = SharedData.Require("models/stories260K.gguf");
        string message = Assert.Throws<ModelFormatException>(() => ImportanceMatrix.Load(path)).Message;
        Assert.Contains("name an importance matrix, not a model", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Save_WithoutTensors_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new ImportanceMatrix(512).Save(Path.Combine(_folder, "empty.gguf")));

    private static void WriteText(BinaryWriter writer, string text)
    {
        writer.Write(text.Length);
        writer.Write(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Cuts the file at every length and sets every byte to extreme values: it loads, or is refused with one line.</summary>
    private void AssertDamageIsOneLine(byte[] bytes)
    {
        string path = Path.Combine(_folder, "damaged.gguf");
        IEnumerable<byte[]> damaged = Enumerable.Range(0, bytes.Length).SelectMany(index => new[]
        {
            bytes[..index],
            [.. bytes[..index], 0xFF, .. bytes[(index + 1)..]],
            [.. bytes[..index], (byte)(bytes[index] ^ 0x80), .. bytes[(index + 1)..]],
        });
        foreach (byte[] content in damaged)
        {
            File.WriteAllBytes(path, content);
            try
            {
                ImportanceMatrix.Load(path);
            }
            catch (ModelFormatException exception)
            {
                Assert.StartsWith(path, exception.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', exception.Message);
            }
        }
    }

    private string Write(IReadOnlyList<(string Name, long[] Dimensions, float[] Values)> tensors)
    {
        string path = Path.Combine(_folder, Path.GetRandomFileName());
        using FileStream stream = File.Create(path);
        var writer = new GgufWriter(stream);
        writer.AddKey("general.type", "imatrix");
        writer.AddKey("imatrix.datasets", new[] { "a.txt" });
        writer.AddKey("imatrix.chunk_count", 2u);
        writer.AddKey("imatrix.chunk_size", 4u);
        foreach ((string name, long[] dimensions, _) in tensors)
        {
            writer.AddTensor(name, TensorType.F32, dimensions);
        }

        foreach ((_, _, float[] values) in tensors)
        {
            writer.WriteData(MemoryMarshal.AsBytes<float>(values));
        }

        writer.Complete();
        return path;
    }
}
