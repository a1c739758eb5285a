using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Gguf;
using EdgeRuntime.Tests.Support;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>Models whose indexer chooses the keys that a position attends to, with fewer keys than positions.</summary>
public sealed class SparseAttentionTests : IDisposable
{
    private const int Keys = 9;

    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-sparse-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("deepseek32-moe")]
    [InlineData("dots3note-moe")]
    [InlineData("glm-dsa-moe")]
    [InlineData("hy_v4-moe")]
    public void ForwardAll_WithMorePositionsThanKeys_AttendsToTheChosenKeysAlone(string name)
    {
        string path = RandomModels.PathOf(name);
        int[] tokens = LogitsFile.Read(RandomModels.LogitsOf(name)).Tokens;
        using var dense = LanguageModel.Load(path);
        using var sparse = LanguageModel.Load(WithFewKeys(path));
        float[] expected = ModelRunner.Logits(dense, tokens, tokens.Length, KvCacheType.F32);
        float[] actual = ModelRunner.Logits(sparse, tokens, tokens.Length, KvCacheType.F32);

        int same = Keys * dense.VocabularySize;
        Assert.Equal(expected[..same], actual[..same]);
        Assert.False(expected.AsSpan(same).SequenceEqual(actual.AsSpan(same)));
        Assert.Equal(actual, ModelRunner.Logits(sparse, tokens, 7, KvCacheType.F32));
        Assert.Equal(actual, ModelRunner.Logits(sparse, tokens, 1, KvCacheType.F32));
    }

    private string WithFewKeys(string path)
    {
        using GgufFile source = GgufFile.Open(path);
        var changes = new Dictionary<string, object> { ["attention.indexer.top_k"] = (uint)Keys };
        return ModelCopy.Write(Path.Combine(_folder, "m.gguf"), source, source.Tensors.Select(TensorCopy.Of), changes: changes);
    }
}
