using System;
using System.IO;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Generation;

/// <summary>A model whose file names an unknown tokenizer runs on token ids.</summary>
public sealed class MissingTokenizerTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".gguf");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Tokenizer_OfAnUnknownKind_ThrowsWhereItIsUsedAndNotBefore()
    {
        byte[] bytes = File.ReadAllBytes(TestModels.Stories);
        ReadOnlySpan<byte> key = "tokenizer.ggml.model"u8;
        bytes[bytes.AsSpan().IndexOf(key) + key.Length + sizeof(int) + sizeof(long)] = (byte)'L'; // "Llama" is no kind of tokenizer
        File.WriteAllBytes(_path, bytes);
        using LanguageModel model = LanguageModel.Load(_path, new ModelOptions { Threads = 1 });
        using ModelSession session = model.CreateSession();
        Assert.Equal(model.VocabularySize, session.Forward([1, 2, 3]).Length);

        Tokenizer tokenizer = model.Tokenizer;
        Assert.Equal(model.VocabularySize, tokenizer.VocabularySize);
        Assert.Contains("Llama", Assert.Throws<UnsupportedModelException>(() => tokenizer.Encode("a")).Message, StringComparison.Ordinal);
        Assert.Throws<UnsupportedModelException>(() => session.Generate("a"));
        Assert.Throws<UnsupportedModelException>(() => new ChatSession(session));
    }
}
