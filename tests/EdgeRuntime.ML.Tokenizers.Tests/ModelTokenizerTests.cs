using System;
using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.TestSupport;
using Xunit;
using MLToken = Microsoft.ML.Tokenizers.EncodedToken;

namespace EdgeRuntime.ML.Tokenizers.Tests;

/// <summary>Ids, offsets and counts equal those of the model's tokenizer, on all reference vocabularies.</summary>
public sealed class ModelTokenizerTests
{
    private const string Folder = "conformance/tokenizers";

    private static readonly ConcurrentDictionary<string, Tokenizer> Opened = new();

    private static readonly string[] Texts =
    [
        "", "Hello world", "  two  spaces ", "naïve café\n", "中文 👍🏽 👩‍👩‍👧", "x = [1, 2, 34567]", "<s>hi</s> [SEP]", "\uD800 lone", "𝒜𝓫 x",
    ];

    public static IEnumerable<TheoryDataRow<string>> Names =>
        ((string[])["bert-bge", "deepseek-llm", "gemma-4", "gpt-2", "llama-bpe", "llama-spm", "phi-3", "qwen2"])
            .Select(name => new TheoryDataRow<string>(name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Encode_Texts_EqualTheModelsTokenizer(string name)
    {
        Tokenizer model = Open(name);
        foreach (bool special in (bool[])[false, true])
        {
            var tokenizer = new ModelTokenizer(model, special, special);
            foreach (string text in Texts)
            {
                IReadOnlyList<EncodedToken> expected = model.EncodeWithOffsets(text, special, special);
                IReadOnlyList<MLToken> tokens = tokenizer.EncodeToTokens(text, out _);
                Assert.Equal(expected.Select(token => token.Id), tokens.Select(token => token.Id));
                Assert.Equal(expected.Select(token => token.Range), tokens.Select(token => token.Offset));
                Assert.Equal(expected.Select(token => token.Id), tokenizer.EncodeToIds(text));
                Assert.Equal(expected.Count, tokenizer.CountTokens(text));
                Assert.Equal(expected.Count, tokenizer.CountTokens(text.AsSpan()));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void GetIndexByTokenCount_AnyLimit_DividesBetweenCharacters(string name)
    {
        Tokenizer model = Open(name);
        var tokenizer = new ModelTokenizer(model);
        foreach (string text in Texts)
        {
            IReadOnlyList<EncodedToken> all = model.EncodeWithOffsets(text, addSpecial: false);
            for (int limit = 1; limit <= all.Count + 1; limit++)
            {
                int end = tokenizer.GetIndexByTokenCount(text, limit, out _, out int count);
                Assert.InRange(count, 0, limit);
                Assert.Equal(count == all.Count ? text.Length : count == 0 ? 0 : all[count - 1].Range.End.Value, end);
                Assert.True(count == all.Count || all[count].Range.Start.Value >= end);
                int start = tokenizer.GetIndexByTokenCountFromEnd(text, limit, out _, out count);
                Assert.InRange(count, 0, limit);
                Assert.True(count == 0 || count == all.Count || all[all.Count - count].Range.Start.Value == start);
                IReadOnlyList<int> ids = tokenizer.EncodeToIds(text, limit, out _, out int consumed);
                Assert.Equal(all.Take(ids.Count).Select(token => token.Id), ids);
                Assert.Equal(end, consumed);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_Ids_EqualsTheModelsTokenizer(string name)
    {
        Tokenizer model = Open(name);
        var tokenizer = new ModelTokenizer(model);
        foreach (string text in Texts)
        {
            int[] ids = [.. model.Encode(text, addSpecial: false)];
            string expected = model.Decode(ids);
            Assert.Equal(expected, tokenizer.Decode(ids));
            for (int size = 0; size <= expected.Length; size++)
            {
                char[] chars = new char[size];
                OperationStatus status = tokenizer.Decode(ids, chars, out int consumed, out int written);
                Assert.Equal(size == expected.Length ? OperationStatus.Done : OperationStatus.DestinationTooSmall, status);
                Assert.Equal(expected[..written], new string(chars, 0, written));
                Assert.Equal(expected[..written], model.Decode(ids.AsSpan(0, consumed)));
            }
        }

        Assert.Equal(OperationStatus.InvalidData, tokenizer.Decode([model.VocabularySize], new char[9], out _, out _));
    }

    private static Tokenizer Open(string name) =>
        Opened.GetOrAdd(name, static name => Tokenizer.FromGguf(SharedData.Require(Path.Combine(Folder, name + ".gguf"))));
}
