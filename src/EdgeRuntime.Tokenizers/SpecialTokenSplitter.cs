using System;
using System.Buffers;
using System.Collections.Generic;
using EdgeRuntime.Gguf;

namespace EdgeRuntime;

/// <summary>A fragment of a text: a special token, or bytes that still have to be encoded.</summary>
/// <param name="Token">The token id, or -1 for bytes.</param>
/// <param name="Start">The index of the first byte.</param>
/// <param name="Length">The number of bytes.</param>
internal readonly record struct TextFragment(int Token, int Start, int Length)
{
    /// <summary>Gets the index behind the last byte.</summary>
    public int End => Start + Length;
}

/// <summary>
/// Finds special tokens that are spelled out in a text. Longer tokens are matched first, anywhere in the text; tokens of equal length are
/// matched in the order of their ids, then of their places. User-defined tokens are found everywhere, all others only outside of data.
/// </summary>
internal sealed class SpecialTokenSplitter
{
    private readonly Vocabulary _vocabulary;

    private readonly PieceTrie _tokens;
    private readonly SearchValues<byte> _firstBytes;
    private readonly SearchValues<byte> _firstBytesUserDefined;

    public SpecialTokenSplitter(Vocabulary vocabulary, GgufStrings tokens)
    {
        _vocabulary = vocabulary;
        var specials = new PieceTrieBuilder();
        var first = new List<byte>();
        var firstUserDefined = new List<byte>();
        for (int token = 0; token < vocabulary.Size; token++)
        {
            if ((vocabulary.GetAttributes(token) & TokenAttributes.Special) != 0 && tokens[token].Length > 0)
            {
                ReadOnlySpan<byte> text = tokens[token];
                specials.Add(text, token);
                first.Add(text[0]);
                if (IsFoundInData(token))
                {
                    firstUserDefined.Add(text[0]);
                }
            }
        }

        _tokens = specials.Build();
        _firstBytes = SearchValues.Create([.. first]);
        _firstBytesUserDefined = SearchValues.Create([.. firstUserDefined]);
    }

    /// <summary>Splits a text into fragments.</summary>
    /// <param name="text">The text in UTF-8.</param>
    /// <param name="data">
    /// The ranges of data bytes, in order. Inside them, and across their borders, only user-defined tokens are found.
    /// </param>
    /// <param name="fragments">Receives the fragments in order, without the white space that a token swallows.</param>
    public void Split(ReadOnlySpan<byte> text, ReadOnlySpan<TextRange> data, List<TextFragment> fragments)
    {
        fragments.Clear();
        List<TextFragment>? matches = FindAll(text, data);
        if (matches is null)
        {
            fragments.Add(new TextFragment(-1, 0, text.Length));
            return;
        }

        bool[] taken = ArrayPool<bool>.Shared.Rent(text.Length);
        try
        {
            Span<bool> takenBytes = taken.AsSpan(0, text.Length);
            takenBytes.Clear();
            Fill(Choose(text, matches, takenBytes), takenBytes, fragments);
        }
        finally
        {
            ArrayPool<bool>.Shared.Return(taken);
        }
    }

    private bool IsFoundInData(int token) => (_vocabulary.GetAttributes(token) & TokenAttributes.Hidden) == 0;

    private List<TextFragment>? FindAll(ReadOnlySpan<byte> text, ReadOnlySpan<TextRange> data)
    {
        List<TextFragment>? matches = null;
        for (int start = 0; start < text.Length; start++)
        {
            while (!data.IsEmpty && data[0].End <= start)
            {
                data = data[1..];
            }

            // A token that must be outside of data has to end before the next data.
            int border = data.IsEmpty ? text.Length : data[0].Start;
            bool isData = border <= start;
            int end = isData ? data[0].End : border;
            int skipped = text[start..end].IndexOfAny(isData ? _firstBytesUserDefined : _firstBytes);
            if (skipped < 0)
            {
                start = end - 1;
                continue;
            }

            start += skipped;
            PieceTrie.Node node = _tokens.Root;
            for (int i = start; i < text.Length && (node = _tokens.Step(node, text[i])).Exists; i++)
            {
                int token = node.Id;
                if (token >= 0 && (i < border || IsFoundInData(token)) && HoldsWholeCharacters(text, start, i + 1))
                {
                    (matches ??= []).Add(new TextFragment(token, start, i + 1 - start));
                }
            }
        }

        return matches;
    }

    /// <summary>
    /// Gets whether a part of a text divides no character. Tokens of a damaged vocabulary may be parts of characters, and tokenizers read
    /// the text between special tokens as whole characters.
    /// </summary>
    private static bool HoldsWholeCharacters(ReadOnlySpan<byte> text, int start, int end) =>
        !Utf8.IsInsideCharacter(text, start) && !Utf8.IsInsideCharacter(text, end);

    private List<TextFragment> Choose(ReadOnlySpan<byte> text, List<TextFragment> matches, Span<bool> taken)
    {
        matches.Sort(static (a, b) =>
            a.Length != b.Length ? b.Length.CompareTo(a.Length)
            : a.Token != b.Token ? a.Token.CompareTo(b.Token)
            : a.Start.CompareTo(b.Start));
        var chosen = new List<TextFragment>(matches.Count);
        foreach (TextFragment match in matches)
        {
            Span<bool> place = taken.Slice(match.Start, match.Length);
            if (place.Contains(true))
            {
                continue;
            }

            place.Fill(true);
            chosen.Add(match);
            if ((_vocabulary.GetAttributes(match.Token) & TokenAttributes.StripsRight) != 0)
            {
                for (int i = match.End; i < text.Length && !taken[i] && IsSpace(text[i]); i++)
                {
                    taken[i] = true;
                }
            }

            if ((_vocabulary.GetAttributes(match.Token) & TokenAttributes.StripsLeft) != 0)
            {
                for (int i = match.Start - 1; i >= 0 && !taken[i] && IsSpace(text[i]); i--)
                {
                    taken[i] = true;
                }
            }
        }

        chosen.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        return chosen;
    }

    // The same characters as isspace of the C library.
    private static bool IsSpace(byte b) => b is (byte)' ' or (>= 9 and <= 13);

    private static void Fill(List<TextFragment> chosen, ReadOnlySpan<bool> taken, List<TextFragment> fragments)
    {
        int end = 0;
        foreach (TextFragment match in chosen)
        {
            AddBytes(fragments, taken, end, match.Start);
            fragments.Add(match);
            end = match.End;
        }

        AddBytes(fragments, taken, end, taken.Length);
    }

    // Between two tokens only the first and the last bytes can be white space swallowed by a token.
    private static void AddBytes(List<TextFragment> fragments, ReadOnlySpan<bool> taken, int start, int end)
    {
        while (start < end && taken[start])
        {
            start++;
        }

        while (start < end && taken[end - 1])
        {
            end--;
        }

        if (start < end)
        {
            fragments.Add(new TextFragment(-1, start, end - start));
        }
    }
}
