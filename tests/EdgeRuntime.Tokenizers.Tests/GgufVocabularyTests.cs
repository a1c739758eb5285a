using System.IO;
using System.Linq;
using EdgeRuntime.Gguf;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>Vocabularies of files: hostile ones are refused in one line that names the key.</summary>
public sealed class GgufVocabularyTests
{
    [Theory]
    [InlineData("v_scores_short", "tokenizer.ggml.scores")]
    [InlineData("v_toktype_u8", "tokenizer.ggml.token_type")]
    [InlineData("v_default_eos_past_end", "tokenizer.ggml.eos_token_id")]
    [InlineData("v_byte_token_nonhex", "tokenizer.ggml.")]
    [InlineData("v_merges_no_space", "tokenizer.ggml.merges")]
    [InlineData("v_charsmap_2_bytes", "tokenizer.ggml.precompiled_charsmap")]
    public void CreateTokenizer_HostileFile_IsRefusedByKey(string name, string key)
    {
        using GgufFile file = GgufFile.Open(SharedData.Require($"conformance/malformed-gguf/{name}.gguf"));
        var error = Assert.Throws<ModelFormatException>(() => GgufVocabulary.CreateTokenizer(file));
        Assert.Contains(key, error.Message);
        Assert.Contains("found", error.Message);
        Assert.Contains("expected", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Read_TokensThatAreNotUtf8_KeepTheirBytes()
    {
        using GgufFile file = GgufFile.Open(SharedData.Require("conformance/malformed-gguf/v_token_invalid_utf8.gguf"));
        byte[][] tokens = [.. GgufVocabulary.Read(file.Metadata).Tokens.Select(token => token.ToArray())];
        Assert.Equal([[0xC3, 0x28], [0xFF]], tokens);
    }

    [Fact]
    public void CreateTokenizer_UnsupportedModel_NamesWhatIsSupported()
    {
        string path = Path.GetTempFileName();
        try
        {
            using (FileStream stream = File.Create(path))
            {
                var writer = new GgufWriter(stream);
                writer.AddKey("tokenizer.ggml.model", "sixth");
                writer.Complete();
            }

            var error = Assert.Throws<UnsupportedModelException>(() => Tokenizer.FromGguf(path));
            Assert.Contains("\"sixth\" is not supported; supported are llama, gpt2", error.Message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void FromGguf_OtherPreTokenizer_ReplacesTheOneOfTheFile()
    {
        string path = SharedData.Require("conformance/tokenizers/gpt-2.gguf");
        Assert.Equal(3, Tokenizer.FromGguf(path, preTokenizer: "smollm").CountTokens("123"));
        Assert.Equal(1, Tokenizer.FromGguf(path).CountTokens("123"));
        var error = Assert.Throws<UnsupportedModelException>(() => Tokenizer.FromGguf(path, preTokenizer: "sixth"));
        Assert.Contains("\"sixth\" is not supported", error.Message);
    }

    [Theory]
    [InlineData("stories260K.gguf")]
    [InlineData("SmolLM2-135M-Instruct-Q4_1.gguf")]
    public void CreateTokenizer_BundledModel_GivesTextBack(string name)
    {
        using GgufFile file = GgufFile.Open(TestModels.InRepository(name));
        Tokenizer tokenizer = GgufVocabulary.CreateTokenizer(file);
        Assert.Equal("Once upon a time, 3 bears: <3", tokenizer.Decode(tokenizer.Encode("Once upon a time, 3 bears: <3")));
        Assert.Equal(1, tokenizer.BeginOfSequence);
        Assert.True(tokenizer.IsEndOfGeneration(2));
    }
}
