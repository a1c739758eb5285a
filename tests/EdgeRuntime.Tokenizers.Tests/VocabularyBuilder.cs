using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>Small vocabularies for tests.</summary>
internal static class VocabularyBuilder
{
    public const int Normal = 1;
    public const int Unknown = 2;
    public const int Control = 3;
    public const int UserDefined = 4;
    public const int Unused = 5;
    public const int ByteToken = 6;

    /// <summary>A SentencePiece vocabulary: unk, BOS, EOS, 256 byte tokens, and then the given pieces, the earlier the better.</summary>
    public static VocabularyData Sentence(params (string Text, int Type)[] pieces)
    {
        (string Text, int Type)[] all =
        [
            ("<unk>", Unknown), ("<s>", Control), ("</s>", Control),
            .. Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", ByteToken)),
            .. pieces,
        ];
        return new VocabularyData
        {
            Model = "llama",
            Tokens = Encode(all.Select(piece => piece.Text)),
            TokenTypes = all.Select(piece => piece.Type).ToArray(),
            Scores = Enumerable.Range(0, all.Length).Select(token => -(float)token).ToArray(),
        };
    }

    /// <summary>A byte-level vocabulary: the 95 printable ASCII characters and the space's letter, the pieces of the merges, and
    /// more.</summary>
    public static VocabularyData ByteLevel(string[] merges, params (string Text, int Type)[] more)
    {
        (string Text, int Type)[] all =
        [
            .. Enumerable.Range('!', '~' - '!' + 1).Select(c => (((char)c).ToString(), Normal)),
            ("Ġ", Normal),
            .. merges.Select(merge => (merge.Replace(" ", "", StringComparison.Ordinal), Normal)),
            .. more,
        ];
        return new VocabularyData
        {
            Model = "gpt2",
            PreTokenizer = "gpt-2",
            Tokens = Encode(all.Select(piece => piece.Text)),
            TokenTypes = all.Select(piece => piece.Type).ToArray(),
            Merges = Merges(merges),
        };
    }

    public static GgufStrings Encode(IEnumerable<string> texts) => Pack([.. texts.Select(text => Encoding.UTF8.GetBytes(text))]);

    public static GgufStrings Pack(params byte[][] texts) => GgufStrings.Of(texts);

    public static GgufStringSequence Merges(params string[] merges) => Merges([.. merges.Select(text => Encoding.UTF8.GetBytes(text))]);

    public static GgufStringSequence Merges(byte[][] merges) => GgufStringSequence.Of(merges);

    /// <summary>The written forms of tokens, for readable expectations.</summary>
    public static string[] Pieces(this Tokenizer tokenizer, IEnumerable<int> ids) =>
        [.. ids.Select(id => Encoding.UTF8.GetString(tokenizer.GetPieceBytes(id, special: true)))];
}
