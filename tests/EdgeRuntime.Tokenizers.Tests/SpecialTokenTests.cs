using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;
using static EdgeRuntime.Tokenizers.Tests.VocabularyBuilder;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>Control and user-defined tokens, BOS, EOS and the tokens that end an answer.</summary>
public sealed class SpecialTokenTests
{
    [Fact]
    public void Encode_ControlTokenInText_IsFoundOnlyWhenAsked()
    {
        Tokenizer tokenizer = Tokenizer.Create(ByteLevel([], ("<|im_end|>", Control)));
        Assert.DoesNotContain("<|im_end|>", tokenizer.Pieces(tokenizer.Encode("a<|im_end|>b")));
        Assert.Equal(["a", "<|im_end|>", "b"], tokenizer.Pieces(tokenizer.Encode("a<|im_end|>b", parseSpecial: true)));
    }

    [Fact]
    public void Encode_UserDefinedToken_IsAlwaysFound()
    {
        Tokenizer tokenizer = Tokenizer.Create(ByteLevel([], ("<tool>", UserDefined), ("  ", UserDefined)));
        Assert.Equal(["a", "<tool>", "  ", "b"], tokenizer.Pieces(tokenizer.Encode("a<tool>  b")));
    }

    [Fact]
    public void Encode_OverlappingSpecialTokens_LongerWinsWhereverItStands()
    {
        Tokenizer tokenizer = Tokenizer.Create(ByteLevel([], ("ab", UserDefined), ("bcd", UserDefined), ("abc", UserDefined)));
        Assert.Equal(["abc"], tokenizer.Pieces(tokenizer.Encode("abc")));
        Assert.Equal(["a", "bcd", "ab"], tokenizer.Pieces(tokenizer.Encode("abcdab")));
    }

    [Fact]
    public void Encode_PhiTokens_SwallowTheSpaceAfterThem()
    {
        Tokenizer tokenizer = Vocabularies.Open("phi-3");
        Assert.Equal(
            tokenizer.Encode("<|user|>Hi<|end|><|assistant|>", parseSpecial: true),
            tokenizer.Encode("<|user|>\n \tHi<|end|>\n<|assistant|>\n", parseSpecial: true));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Encode_Flags_AddBeginAndEnd(bool begin, bool end)
    {
        VocabularyData data = Sentence(("▁a", Normal)) with
        {
            Flags = new Dictionary<string, bool> { ["add_bos_token"] = begin, ["add_eos_token"] = end },
        };
        string[] expected = [.. begin ? ["<s>"] : Array.Empty<string>(), " a", .. end ? ["</s>"] : Array.Empty<string>()];
        Assert.Equal(expected, Pieces(Tokenizer.Create(data), "a"));
    }

    [Fact]
    public void Encode_SentenceWithoutFlags_AddsBeginOnly() =>
        Assert.Equal(["<s>", " a"], Pieces(Tokenizer.Create(Sentence(("▁a", Normal))), "a"));

    [Fact]
    public void Encode_EmptyText_IsBeginAlone()
    {
        Tokenizer tokenizer = Tokenizer.Create(Sentence());
        Assert.Equal([1], tokenizer.Encode(""));
        Assert.Empty(tokenizer.Encode("", addSpecial: false));
    }

    [Fact]
    public void IsEndOfGeneration_KnownTexts_EndEvenWhenTheFileIsSilent()
    {
        Tokenizer tokenizer =
            Tokenizer.Create(ByteLevel([], ("<|im_end|>", Normal), ("<end_of_turn>", Control), ("<|im_start|>", Control)));
        int[] ends = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsEndOfGeneration)];
        Assert.Equal(["<|im_end|>", "<end_of_turn>"], tokenizer.Pieces(ends));
        Assert.All(ends, end => Assert.True(tokenizer.IsControl(end)));
        Assert.False(tokenizer.IsEndOfGeneration(-1));
    }

    [Fact]
    public void IsEndOfGeneration_NamedToken_Ends()
    {
        VocabularyData data = ByteLevel([], ("[stop]", Control)) with { SpecialTokens = new Dictionary<string, int> { ["eot"] = 95 } };
        Tokenizer tokenizer = Tokenizer.Create(data);
        Assert.Equal(["[stop]"], tokenizer.Pieces([95]));
        Assert.True(tokenizer.IsEndOfGeneration(95));
    }

    [Fact]
    public void IsEndOfGeneration_HarmonyTokens_EndOfAChannelDoesNotEnd()
    {
        Tokenizer tokenizer = Tokenizer.Create(ByteLevel([], ("<|return|>", Control), ("<|call|>", Control), ("<|end|>", Control)));
        int[] ends = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsEndOfGeneration)];
        Assert.Equal(["<|return|>", "<|call|>"], tokenizer.Pieces(ends));
    }

    [Fact]
    public void Decode_ControlTokens_ShowOnlyWhenAsked()
    {
        Tokenizer tokenizer = Vocabularies.Open("llama-bpe");
        int[] ids = tokenizer.Encode("Hi<|eot_id|>", parseSpecial: true);
        Assert.Equal("Hi", tokenizer.Decode(ids));
        Assert.Equal("<|begin_of_text|>Hi<|eot_id|>", tokenizer.Decode(ids, special: true));
    }

    [Fact]
    public void Decode_SentenceText_DropsTheSpaceThatEncodingAdded()
    {
        Tokenizer tokenizer = Vocabularies.Open("llama-spm");
        Assert.Equal("Hello  world", tokenizer.Decode(tokenizer.Encode("Hello  world")));
        Assert.Equal(" Hello", tokenizer.Decode(tokenizer.Encode(" Hello")));
    }

    [Fact]
    public void StreamDecoder_ContinuesText_KeepsTheFirstSpace()
    {
        Tokenizer tokenizer = Vocabularies.Open("llama-spm");
        int world = tokenizer.Encode("world", addSpecial: false)[0];
        Assert.Equal("world", tokenizer.CreateStreamDecoder().Append(world));
        Assert.Equal(" world", tokenizer.CreateStreamDecoder(continuesText: true).Append(world));
    }

    [Fact]
    public void GetPieceBytes_NoSuchToken_IsRefused()
    {
        Tokenizer tokenizer = Tokenizer.Create(Sentence());
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.GetPieceBytes(-1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([tokenizer.VocabularySize]));
    }

    private static string[] Pieces(Tokenizer tokenizer, string text) => tokenizer.Pieces(tokenizer.Encode(text));
}
