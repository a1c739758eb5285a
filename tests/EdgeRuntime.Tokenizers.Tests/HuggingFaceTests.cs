using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>Tokenizers of folders in Hugging Face's layout.</summary>
public sealed class HuggingFaceTests : IDisposable
{
    private const string ByteLevelStep = """{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-tokenizer-").FullName;

    public static IEnumerable<TheoryDataRow<string>> Names => Vocabularies.Supported.Select(name => new TheoryDataRow<string>(name));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Names))]
    public void FromHuggingFace_PublishedVocabulary_EncodesLikeGguf(string name)
    {
        TokenizerJsonWriter.Write(SharedData.Require($"conformance/tokenizers/{name}.gguf"), _folder);
        Tokenizer expected = Vocabularies.Open(name);

        Tokenizer actual = Tokenizer.FromHuggingFace(_folder);

        Assert.Equal(expected.VocabularySize, actual.VocabularySize);
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(SharedData.Require($"conformance/tokenizers/{name}.json")));
        foreach (JsonElement entry in cases.RootElement.EnumerateArray())
        {
            string text = entry.GetProperty("text").GetString()!;
            Assert.Equal(expected.Encode(text, addSpecial: false), actual.Encode(text, addSpecial: false));
            Assert.Equal(expected.Encode(text, parseSpecial: true), actual.Encode(text, parseSpecial: true));
            int[] ids = expected.Encode(text, addSpecial: false);
            Assert.Equal(expected.Decode(ids, special: true), actual.Decode(ids, special: true));
        }
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public void FromHuggingFace_PublishedVocabularies_HaveTheSameTypesAndPreTokenizer()
    {
        foreach (string name in Vocabularies.Supported)
        {
            string path = SharedData.Require($"conformance/tokenizers/{name}.gguf");
            TokenizerJsonWriter.Write(path, _folder);
            using Gguf.GgufFile file = Gguf.GgufFile.Open(path);
            VocabularyData expected = GgufVocabulary.Read(file.Metadata);

            VocabularyData actual = HuggingFaceVocabulary.Read(_folder).Data;

            Assert.Equal(expected.Model, actual.Model);
            if (expected.Model is "gpt2" or "bert")
            {
                // Two names stand for one vocabulary; llama.cpp's converter writes the second one.
                Assert.Equal(expected.PreTokenizer == "bert-bge" ? "jina-v2-en" : expected.PreTokenizer, actual.PreTokenizer);
            }

            Assert.Equal(Simplify(expected.TokenTypes.ToArray()), Simplify(actual.TokenTypes.ToArray()));
        }
    }

    [Fact]
    public void FromHuggingFace_ByteLevel_MergesAndAddsSpecialTokens()
    {
        WriteByteLevel();
        Write("tokenizer_config.json", """{"eos_token":{"content":"<|end|>"},"bos_token":"<|start|>"}""");
        Write("config.json", """{"vocab_size":8}""");

        Tokenizer tokenizer = Tokenizer.FromHuggingFace(_folder);

        Assert.Equal(["<|start|>", "ab", "c", "<|end|>"], tokenizer.Pieces(tokenizer.Encode("abc<|end|>", parseSpecial: true)));
        Assert.Equal(5, tokenizer.BeginOfSequence);
        Assert.Equal(6, tokenizer.EndOfSequence);
        Assert.True(tokenizer.IsControl(6));
        Assert.Equal(8, tokenizer.VocabularySize);
    }

    [Fact]
    public void FromHuggingFace_Unigram_TakesTheBestPieces()
    {
        Write(
            "tokenizer.json",
            """
            {"added_tokens":[{"id":0,"content":"<s>","special":true},{"id":1,"content":"<unk>","special":true}],
             "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},
               {"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}]},
             "model":{"type":"Unigram","unk_id":1,"vocab":[["<s>",0],["<unk>",0],["▁",-3],["▁ab",-1],["a",-4],["b",-4],["c",-2.5]]}}
            """);

        Tokenizer tokenizer = Tokenizer.FromHuggingFace(_folder);

        Assert.Equal([3, 6, 2, 5], tokenizer.Encode("abc   b", addSpecial: false));
        Assert.Equal([2, 1], tokenizer.Encode("x", addSpecial: false));
    }

    [Fact]
    public void FromHuggingFace_SentencePieceModel_HasItsScores()
    {
        // Both "ab" and "bc" can be made of "abc"; the score decides.
        byte[] model = SentencePieces(
            ("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3), ("a", -9, 1), ("b", -9, 1), ("c", -9, 1), ("ab", -2, 1), ("bc", -1, 1));
        File.WriteAllBytes(Path.Join(_folder, "tokenizer.model"), model);
        Write("added_tokens.json", """{"<extra>":8}""");

        Tokenizer tokenizer = Tokenizer.FromHuggingFace(_folder);

        Assert.Equal(["a", "bc"], tokenizer.Pieces(tokenizer.Encode("abc", addSpecial: false))[^2..]);
        Assert.Equal(9, tokenizer.VocabularySize);
        Assert.Equal(8, tokenizer.Encode("<extra>", parseSpecial: true)[^1]);
    }

    [Theory]
    [InlineData("", "is not valid JSON")]
    [InlineData("[]", "found a JSON array, expected an object")]
    [InlineData("{}", "at least one")]
    [InlineData("""{"model":{"type":"Magic"}}""", "Magic")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0}}}""", "neither ByteLevel")]
    [InlineData("""{"model":{"type":"BPE","byte_fallback":true,"vocab":{"a":-1},"merges":[]}}""", "model.vocab.a: found -1")]
    [InlineData("""{"model":{"type":"BPE","byte_fallback":true,"vocab":{"a":99999999999},"merges":[]}}""", "model.vocab.a")]
    [InlineData("""{"model":{"type":"BPE","byte_fallback":true,"vocab":{"a":4000000},"merges":[]}}""", "4000000 token ids without a token")]
    [InlineData("""{"model":{"type":"BPE","byte_fallback":true,"vocab":{"a":0,"b":0},"merges":[]}}""", "no other token has")]
    [InlineData("""{"model":{"type":"BPE","byte_fallback":true,"vocab":{"a":0},"merges":["a"]}}""", "model.merges[0]")]
    [InlineData("""{"model":{"type":"BPE","byte_fallback":true,"vocab":{"\ud800":0},"merges":[]}}""", "is not valid JSON")]
    [InlineData("""{"model":{"type":"BPE","byte_fallback":true,"vocab":{},"merges":[]}}""", "at least one")]
    [InlineData("""{"normalizer":{"type":"NFKD"},"model":{"type":"Unigram","unk_id":0,"vocab":[["a",0]]}}""", "NFKD")]
    [InlineData("""{"pre_tokenizer":{"type":"Whitespace"},"model":{"type":"WordPiece","vocab":{"a":0}}}""", "Whitespace")]
    public void FromHuggingFace_DamagedFile_SaysWhat(string json, string expected)
    {
        Write("tokenizer.json", json);

        EdgeRuntimeException error = Assert.ThrowsAny<EdgeRuntimeException>(() => Tokenizer.FromHuggingFace(_folder));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void FromHuggingFace_UnknownPreTokenizer_IsRefusedUnlessNamed()
    {
        WriteByteLevel("""{"type":"Sequence","pretokenizers":[{"type":"CharDelimiterSplit"},""" + ByteLevelStep + "]}");

        var error = Assert.Throws<UnsupportedModelException>(() => Tokenizer.FromHuggingFace(_folder));

        Assert.Contains("CharDelimiterSplit", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, Tokenizer.FromHuggingFace(_folder, "gpt-2").Encode("ab", addSpecial: false)[0]);
        Assert.Throws<UnsupportedModelException>(() => Tokenizer.FromHuggingFace(_folder, "no-such"));
    }

    [Fact]
    public void FromHuggingFace_EmptyFolder_SaysWhatIsMissing() =>
        Assert.Contains(
            "tokenizer.json",
            Assert.Throws<FileNotFoundException>(() => Tokenizer.FromHuggingFace(_folder)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void FromHuggingFace_DamagedSentencePieceModel_IsRefused()
    {
        byte[] model = SentencePieces(("<unk>", 0, 2), ("a", -9, 1));
        var random = new Random(1);
        for (int i = 0; i < 300; i++)
        {
            byte[] damaged = model[..random.Next(model.Length)];
            if (damaged.Length > 0)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(Path.Join(_folder, "tokenizer.model"), damaged);
            Assert.True(Record.Exception(() => Tokenizer.FromHuggingFace(_folder)) is null or EdgeRuntimeException);
        }
    }

    [Fact]
    public void ChatTemplate_OfFolder_PrefersTheSettings()
    {
        Assert.Null(ChatTemplate.FromHuggingFace(_folder));
        Write("chat_template.jinja", "file");
        Assert.Equal("file", ChatTemplate.FromHuggingFace(_folder)!.Render([]));
        Write("tokenizer_config.json", """{"chat_template":[{"name":"tool_use","template":"a"},{"name":"default","template":"b"}]}""");
        Assert.Equal("b", ChatTemplate.FromHuggingFace(_folder)!.Render([]));
    }

    // A JSON file does not tell unknown tokens from control tokens.
    private static int[] Simplify(int[] types) =>
        [.. types.Select(type => type == VocabularyBuilder.Unknown ? VocabularyBuilder.Control : type)];

    private void WriteByteLevel(string preTokenizer = ByteLevelStep) => Write(
        "tokenizer.json",
        """
        {"added_tokens":[{"id":5,"content":"<|start|>","special":true},{"id":6,"content":"<|end|>","special":false}],
         "post_processor":{"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing",
           "single":[{"SpecialToken":{"id":"<|start|>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}]}]},
         "model":{"type":"BPE","vocab":{"a":0,"b":1,"c":2,"ab":3,"Ġ":4},"merges":["a b"]},
         "pre_tokenizer":
        """ + preTokenizer + "}");

    private static byte[] SentencePieces(params (string Text, float Score, byte Type)[] pieces)
    {
        var bytes = new List<byte>();
        foreach ((string text, float score, byte type) in pieces)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            byte[] piece = [0x0A, (byte)utf8.Length, .. utf8, 0x15, .. BitConverter.GetBytes(score), 0x18, type];
            bytes.AddRange([0x0A, (byte)piece.Length, .. piece]);
        }

        bytes.AddRange([0x12, 2, 0x18, 2]); // trainer_spec { model_type: BPE }
        return [.. bytes];
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Join(_folder, name), text);
}
