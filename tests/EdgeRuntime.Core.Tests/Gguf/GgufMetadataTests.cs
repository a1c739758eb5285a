using System;
using System.IO;
using System.Linq;
using EdgeRuntime.Gguf;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Core.Tests.Gguf;

public sealed class GgufMetadataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Getters_OtherIntegerTypeThatFits_Convert()
    {
        using GgufFile file = Open(
            ("u8", (byte)200), ("i8", (sbyte)-5), ("u16", (ushort)7), ("u64", 9UL), ("f64", 0.5), ("list", new ulong[] { 1, 2 }));
        Assert.Equal([200, -5, 7, 9], new[] { "u8", "i8", "u16", "u64" }.Select(key => file.Metadata.GetInt32(key)));
        Assert.Equal(0.5f, file.Metadata.GetSingle("f64"));
        Assert.Equal(200f, file.Metadata.GetSingle("u8"));
        Assert.Equal([1, 2], file.Metadata.GetInt32s("list").ToArray());
    }

    [Fact]
    public void Getters_KeyAbsent_GiveTheFallbackOrThrow()
    {
        using GgufFile file = Open();
        Assert.Equal("x", file.Metadata.GetString("k", "x"));
        Assert.Equal(3, file.Metadata.GetInt32("k", 3));
        Assert.Equal(3f, file.Metadata.GetSingle("k", 3));
        Assert.True(file.Metadata.GetBoolean("k", true));
        Assert.Empty(file.Metadata.GetStrings("k"));
        Assert.Empty(file.Metadata.GetStringBytes("k"));
        Assert.True(file.Metadata.GetSingles("k").IsEmpty && file.Metadata.GetInt32s("k").IsEmpty && file.Metadata.GetBytes("k").IsEmpty);
        Assert.Null(file.Metadata.GetShape("k"));
        Action<GgufMetadata>[] required =
            [m => m.GetString("k"), m => m.GetInt32("k"), m => m.GetSingle("k"), m => m.GetBoolean("k")];
        Assert.All(required, get =>
        {
            ModelFormatException error = Assert.Throws<ModelFormatException>(() => get(file.Metadata));
            Assert.Contains("\"k\"", error.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Getters_ValueOfAnotherType_ThrowAndSayWhichIsThere()
    {
        using GgufFile file = Open(("k", new[] { true, false, true }));
        Action<GgufMetadata>[] getters =
        [
            m => m.GetString("k"), m => m.GetInt32("k", 1), m => m.GetSingle("k"), m => m.GetBoolean("k"),
            m => m.GetStrings("k"), m => m.GetStringBytes("k"), m => m.GetSingles("k"), m => m.GetInt32s("k"), m => m.GetBytes("k"),
        ];
        Assert.All(getters, get =>
        {
            ModelFormatException error = Assert.Throws<ModelFormatException>(() => get(file.Metadata));
            Assert.Contains("key \"k\": found Array of 3 Bool, expected ", error.What, StringComparison.Ordinal);
            Assert.True(error.Offset > 0);
        });
    }

    [Fact]
    public void GetInt32_ValueTooLarge_Throws()
    {
        using GgufFile file = Open(("u32", uint.MaxValue), ("u64", ulong.MaxValue), ("list", new[] { 1L, long.MaxValue }));
        Assert.Throws<ModelFormatException>(() => file.Metadata.GetInt32("u32"));
        Assert.Throws<ModelFormatException>(() => file.Metadata.GetInt32("u64"));
        Assert.Throws<ModelFormatException>(() => file.Metadata.GetInt32s("list").Length);
    }

    [Fact]
    public void GetStringBytes_NotUtf8_KeepsTheBytes()
    {
        using GgufFile file = GgufFile.Open(SharedData.Require("conformance/malformed-gguf/v_token_invalid_utf8.gguf"));
        Assert.Equal([[0xC3, 0x28], [0xFF]], file.Metadata.GetStringBytes("tokenizer.ggml.tokens").Select(bytes => bytes.ToArray()));
        Assert.Equal(["\uFFFD(", "\uFFFD"], file.Metadata.GetStrings("tokenizer.ggml.tokens"));
    }

    [Fact]
    public void Open_QuarterMillionTokens_CopiesNoneOfThem()
    {
        string[] tokens = [.. Enumerable.Range(0, 250_000).Select(index => $"token {index}")];
        string path = _folder.Write("m.gguf", writer => writer.AddKey("tokens", tokens));
        using (GgufFile.Open(path))
        {
            // Warms up, so that only the file's own demand is counted below.
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread();
        using GgufFile file = GgufFile.Open(path);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 64 << 10);
        Assert.Equal(tokens, file.Metadata.GetStrings("tokens"));
    }

    private GgufFile Open(params (string Key, object Value)[] keys) => GgufFile.Open(_folder.Write(
        Path.GetRandomFileName(), writer => Array.ForEach(keys, pair => writer.AddKey(pair.Key, pair.Value))));
}
