using System;
using System.Collections.Generic;
using System.IO;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Core.Tests.Gguf;

public sealed class GgufWriterTests : IDisposable
{
    private static readonly Dictionary<string, object> _everyValue = new()
    {
        ["u8"] = byte.MaxValue,
        ["i8"] = sbyte.MinValue,
        ["u16"] = ushort.MaxValue,
        ["i16"] = short.MinValue,
        ["u32"] = uint.MaxValue,
        ["i32"] = int.MinValue,
        ["u64"] = ulong.MaxValue,
        ["i64"] = long.MinValue,
        ["f32"] = float.NegativeInfinity,
        ["f64"] = double.Epsilon,
        ["bool"] = true,
        ["string"] = "zwölf Boxkämpfer \u0000 \u001b[31m",
        ["empty string"] = "",
        ["u8s"] = new byte[] { 0, 255 },
        ["i8s"] = new sbyte[] { -128, 127 },
        ["u16s"] = new ushort[] { 1 },
        ["i16s"] = new short[] { -1 },
        ["u32s"] = new uint[] { 7, uint.MaxValue },
        ["i32s"] = new[] { 7, int.MinValue },
        ["u64s"] = new ulong[] { 7 },
        ["i64s"] = new long[] { -7 },
        ["f32s"] = new[] { 1.5f, float.NaN },
        ["f64s"] = new[] { 1.5 },
        ["bools"] = new[] { true, false },
        ["strings"] = new[] { "", "a", "ü" },
        ["empty array"] = Array.Empty<float>(),
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 3u)]
    [InlineData(32, 2u)]
    [InlineData(32, 3u)]
    [InlineData(4096, 3u)]
    public void Complete_EveryValueTypeAndTensors_ReadsBackTheSame(int alignment, uint version)
    {
        string path = _folder["all.gguf"];
        using (FileStream stream = File.Create(path))
        {
            GgufWriter writer = new(stream, alignment, version);
            foreach ((string key, object value) in _everyValue)
            {
                writer.AddKey(key, value);
            }

            writer.AddTensor("a", TensorType.F32, 3);
            writer.AddTensor("b", TensorType.Q4_K, 512, 3);
            writer.AddTensor("c", TensorType.I8, 5, 4, 3, 2);
            writer.WriteData(TemporaryFolder.Bytes(0, 12));
            writer.WriteData(TemporaryFolder.Bytes(1, 3 * 288).AsSpan(0, 100));
            writer.WriteData(TemporaryFolder.Bytes(1, 3 * 288).AsSpan(100));
            writer.WriteData(TemporaryFolder.Bytes(2, 120));
            writer.Complete();
        }

        using GgufFile file = GgufFile.Open(path);
        Assert.Equal(version, file.Version);
        Assert.Equal(alignment, file.Parts[0].Alignment);
        Assert.Equal(0, file.Parts[0].DataOffset % alignment);
        foreach ((string key, object value) in _everyValue)
        {
            Assert.True(file.Metadata.TryGetValue(key, out object? read));
            Assert.Equal(value, read);
            Assert.Equal(value is Array, file.Metadata.GetShape(key)!.Value.Type == GgufValueType.Array);
        }

        Assert.Equal([5, 4, 3, 2], file.FindTensor("c")!.Dimensions.ToArray());
        Assert.Equal((24L, 5L, 120L), (file.FindTensor("c")!.Rows, file.FindTensor("c")!.RowBytes, file.FindTensor("c")!.ByteLength));
        Assert.Equal(TemporaryFolder.Bytes(0, 12), file.FindTensor("a")!.GetRows(0, 1).ToArray());
        Assert.Equal(TemporaryFolder.Bytes(1, 3 * 288), file.FindTensor("b")!.GetRows(0, 3).ToArray());
        Assert.Equal(TemporaryFolder.Bytes(2, 120), file.FindTensor("c")!.GetRows(0, 24).ToArray());
    }

    [Theory]
    [InlineData("models/stories260K.gguf")]
    [InlineData("models/tiny-novel-IQ1_S.gguf")]
    [InlineData("small-models/tiny-novel-IQ1_S.gguf")]
    [InlineData("small-models/tiny-bitnet-TQ1_0.gguf")]
    public void Complete_CopyOfAModel_HasTheSameBytes(string model)
    {
        string source = SharedData.Require(model);
        string copy = _folder["copy.gguf"];
        using (GgufFile file = GgufFile.Open(source))
        using (FileStream stream = File.Create(copy))
        {
            GgufWriter writer = new(stream);
            foreach (string key in file.Metadata.Keys)
            {
                Assert.True(file.Metadata.TryGetValue(key, out object? value));
                writer.AddKey(key, value);
            }

            foreach (GgufTensor tensor in file.Tensors)
            {
                ReadOnlySpan<long> dimensions = tensor.Dimensions.TrimEnd(1L);
                writer.AddTensor(tensor.Name, tensor.Type, dimensions.IsEmpty ? [1] : dimensions);
            }

            foreach (GgufTensor tensor in file.Tensors)
            {
                writer.WriteData(tensor.GetRows(0, (int)tensor.Rows));
            }

            writer.Complete();
        }

        Assert.Equal(File.ReadAllBytes(source), File.ReadAllBytes(copy));
    }

    [Fact]
    public void AddKeyAndTensor_WhatNoFileCanHave_Throw()
    {
        GgufWriter writer = new(Stream.Null);
        writer.AddKey("k", 1);
        writer.AddTensor("t", TensorType.F32, 1);
        Assert.Throws<ArgumentException>(() => writer.AddKey("k", 2));
        Assert.Throws<ArgumentException>(() => writer.AddKey("", 2));
        Assert.Throws<ArgumentException>(() => writer.AddKey("a\nb", 2));
        Assert.Throws<ArgumentException>(() => writer.AddKey("decimal", 1m));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("t", TensorType.F32, 1));
        Assert.Throws<ArgumentException>(() => writer.AddTensor(new string('t', 64), TensorType.F32, 1));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("u", TensorType.Q4_0, 33));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("u", TensorType.F32, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.AddTensor("u", TensorType.Q4_2, 32));
        Assert.Throws<InvalidOperationException>(writer.Complete);
        Assert.Throws<InvalidOperationException>(() => writer.WriteData(new byte[5]));
        Assert.Throws<InvalidOperationException>(() => writer.AddKey("late", 1));
    }
}
