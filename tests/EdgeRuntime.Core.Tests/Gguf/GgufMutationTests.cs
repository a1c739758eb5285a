using System;
using System.IO;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Core.Tests.Gguf;

/// <summary>
/// Whatever is done to the bytes of a good file, opening it ends in a <see cref="ModelFormatException"/> or in a file whose values and
/// rows can all be read, and costs no more memory than a small multiple of the file.
/// </summary>
public sealed class GgufMutationTests : IDisposable
{
    private const long FixedAllocation = 512 << 10;
    private const long AllocationPerByte = 32;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_MutatedRealModel_IsRefusedOrSafe() => Mutate(TestModels.Stories, seed: 1, count: 200, minAccepted: 4);

    [Fact]
    public void Open_MutatedSmallFile_IsRefusedOrSafe() =>
        Mutate(WriteSmall("small.gguf", 32), seed: 11, count: 1500, minAccepted: 50);

    [Fact]
    [Trait("Speed", "Slow")]
    public void Open_ThousandsOfMutatedFiles_AreRefusedOrSafe()
    {
        Mutate(TestModels.Stories, seed: 2, count: 2000, minAccepted: 40);
        Mutate(WriteSmall("small.gguf", 32), seed: 12, count: 5000, minAccepted: 150);
    }

    [Fact]
    public void Open_MutatedPartOfASplitModel_IsRefusedOrSafe()
    {
        _folder.WritePart("mutated-00001-of-00002.gguf", 0, 2, 2);
        string path = _folder.WritePart("mutated-00002-of-00002.gguf", 1, 2, 2);
        Mutate(path, seed: 21, count: 2000, minAccepted: 10, target: path);
    }

    /// <summary>Each offset meets two of the extremes; the slow test tries all of them.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    public void Open_AnyFieldOverwrittenWithAnExtreme_IsRefusedOrSafe(int width) => OverwriteFields(width, share: 9);

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [Trait("Speed", "Slow")]
    public void Open_AnyFieldOverwrittenWithEachExtreme_IsRefusedOrSafe(int width) => OverwriteFields(width, share: 1);

    [Fact]
    public void Open_CutAnywhere_IsRefused()
    {
        byte[] original = File.ReadAllBytes(WriteSmall("small.gguf", 32));
        for (int length = 0; length < original.Length - 31; length++) // the padding after the last tensor may be missing
        {
            Assert.False(Check(original[..length], _folder["mutated.gguf"], $"cut to {length} bytes"), $"cut to {length} bytes: opened");
        }
    }

    /// <summary>Overwrites the bytes from each offset on with every extreme, or with a share of them that differs by offset.</summary>
    private void OverwriteFields(int width, int share)
    {
        byte[] original = File.ReadAllBytes(WriteSmall("small.gguf", 4));
        int header = HeaderLength("small.gguf");
        for (int offset = 0; offset < header; offset++)
        {
            for (int index = offset % share; index < FileMutator.Extremes.Length; index += share)
            {
                byte[] bytes = (byte[])original.Clone();
                FileMutator.Overwrite(bytes, offset, FileMutator.Extremes[index], width);
                Check(bytes, _folder["mutated.gguf"], $"{FileMutator.Extremes[index]} in {width} bytes at {offset}");
            }
        }
    }

    private void Mutate(string path, int seed, int count, int minAccepted, string? target = null)
    {
        FileMutator mutator = new(File.ReadAllBytes(path), HeaderLength(path), seed);
        int accepted = 0;
        for (int index = 0; index < count; index++)
        {
            accepted += Check(mutator.Next(), target ?? _folder["mutated.gguf"], $"seed {seed}, mutation {index}") ? 1 : 0;
        }

        // Both outcomes must occur, or the mutations prove little.
        Assert.InRange(accepted, minAccepted, count - minAccepted);
    }

    /// <summary>Whether the file was accepted; fails on anything but acceptance or a good refusal.</summary>
    private static bool Check(byte[] bytes, string path, string what)
    {
        File.WriteAllBytes(path, bytes);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        bool accepted = true;
        try
        {
            using GgufFile file = GgufFile.Open(path);
            GgufProbe.TouchAll(file);
        }
        catch (ModelFormatException error)
        {
            accepted = false;
            Assert.DoesNotContain('\n', error.Message);
            Assert.True(error.What.Length < 400, $"{what}: message of {error.What.Length} characters");
        }
        catch (Exception error)
        {
            Assert.Fail($"{what}: {error}");
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Assert.True(allocated < FixedAllocation + AllocationPerByte * bytes.Length, $"{what}: allocated {allocated} bytes");
        return accepted;
    }

    private int HeaderLength(string path)
    {
        using GgufFile file = GgufFile.Open(Path.Combine(_folder[""], path));
        return (int)file.Parts[^1].DataOffset;
    }

    /// <summary>A file of half a kilobyte with every kind of field.</summary>
    private string WriteSmall(string name, int alignment) => _folder.Write(
        name,
        writer =>
        {
            writer.AddKey("text", "value");
            writer.AddKey("flag", true);
            writer.AddKey("number", 3u);
            writer.AddKey("wide", 3.5);
            writer.AddKey("tokens", new[] { "a", "", "bc" });
            writer.AddKey("scores", new[] { 1f, 2f });
            writer.AddKey("types", new sbyte[] { 1, 2, 3 });
            writer.AddKey("flags", new[] { true, false });
            writer.AddTensor("f32", TensorType.F32, 4, 3);
            writer.AddTensor("q4_0", TensorType.Q4_0, 32, 2);
            writer.AddTensor("i8", TensorType.I8, 1, 2, 3, 4);
        },
        alignment,
        48,
        36,
        24);
}
