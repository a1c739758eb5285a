using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Text;

namespace EdgeRuntime;

/// <summary>
/// Represents a validated vocabulary in the form that encoding and decoding need: the pieces as bytes with an index, the attributes of the
/// tokens, and the special tokens. Immutable.
/// </summary>
internal sealed class Vocabulary
{
    private static readonly HashSet<string> Known = CollectKnown();

    private readonly TokenAttributes[] _attributes;
    private readonly PieceTable _written;

    /// <exception cref="VocabularyException">The data is contradictory.</exception>
    public Vocabulary(VocabularyData data, PieceSpelling spelling, VocabularyDefaults defaults)
    {
        if (data.Tokens.Count == 0)
        {
            throw new VocabularyException("tokens", "none", "at least one");
        }

        Size = data.Tokens.Count;
        _attributes = ReadAttributes(data);
        EndOfSequence = FindSpecial(data, "eos", defaults.EndOfSequence);
        BeginOfSequence = FindSpecial(data, "bos", defaults.BeginOfSequence);
        Unknown = FindSpecial(data, "unknown", defaults.Unknown);
        AddedBegin = FindAdded(data, "bos", BeginOfSequence, defaults, defaults.AddsBegin);
        int? separator = FindSpecial(data, "separator", defaults.Separator);
        AddedEnd = defaults.EndsWithSeparator
            ? FindAdded(data, "sep", separator, defaults, defaults.AddsEnd)
            : FindAdded(data, "eos", EndOfSequence, defaults, defaults.AddsEnd);
        KnownTexts.Apply(FindKnown(data.Tokens), NameSpecials(data), _attributes);
        Pieces = new PieceTable(Size);
        _written = new PieceTable(Size);
        ReadPieces(data.Tokens, spelling);
        MarkStripping(data);
    }

    /// <summary>Gets the number of tokens.</summary>
    public int Size { get; }

    /// <summary>
    /// Gets the pieces that are looked up in a text, indexed by token id. The constructor of a tokenizer may add more pieces after those of
    /// the tokens.
    /// </summary>
    public PieceTable Pieces { get; }

    public int? BeginOfSequence { get; }

    public int? EndOfSequence { get; }

    public int? Unknown { get; }

    /// <summary>Gets the token that is added before a text, or null.</summary>
    public int? AddedBegin { get; }

    /// <summary>Gets the token that is added after a text, or null.</summary>
    public int? AddedEnd { get; }

    public TokenAttributes GetAttributes(int token) => _attributes[token];

    public bool IsEndOfGeneration(int token) => (uint)token < (uint)Size && (_attributes[token] & TokenAttributes.EndsGeneration) != 0;

    /// <summary>Gets the bytes of a token in a text. For a hidden token these are the bytes of its written form.</summary>
    public ReadOnlySpan<byte> GetWrittenBytes(int token) => _written[token];

    /// <summary>Gets the token that is added at one end of a text, or null.</summary>
    private static int? FindAdded(VocabularyData data, string name, int? token, VocabularyDefaults defaults, bool adds)
    {
        string flag = $"add_{name}_token";
        adds = defaults.ReadsFlags ? data.GetFlag(flag, adds) || (name == "bos" && defaults.ForcesBegin) : adds;
        return !adds ? null : token
            ?? throw new VocabularyException($"{name}_token_id", "no such key", $"a token id, because {flag} holds");
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static TokenAttributes[] ReadAttributes(VocabularyData data)
    {
        int size = data.Tokens.Count;
        ReadOnlySpan<int> types = data.TokenTypes.Span;
        if (types.Length > 0 && types.Length < size)
        {
            throw new VocabularyException("token_type", $"{types.Length} entries", $"one for each of the {size} tokens");
        }

        if (data.Scores.Length > 0 && data.Scores.Length < size)
        {
            throw new VocabularyException("scores", $"{data.Scores.Length} entries", $"one for each of the {size} tokens");
        }

        var attributes = new TokenAttributes[size];
        for (int i = 0; i < size; i++)
        {
            attributes[i] = ReadType(data, i);
        }

        return attributes;
    }

    /// <summary>Gets the attribute that a token has in its file.</summary>
    public static TokenAttributes ReadType(VocabularyData data, int token) => data.TokenTypes.IsEmpty
        ? TokenAttributes.Normal
        : data.TokenTypes.Span[token] switch
        {
            1 => TokenAttributes.Normal,
            2 => TokenAttributes.Unknown,
            3 => TokenAttributes.Control,
            4 => TokenAttributes.UserDefined,
            5 => TokenAttributes.Unused,
            6 => TokenAttributes.Byte,
            _ => TokenAttributes.None,
        };

    private static int? FindSpecial(VocabularyData data, string name, int? fallback)
    {
        bool named = data.SpecialTokens.TryGetValue(name, out int id);
        int? token = named ? id : fallback;
        if (token is int value && (uint)value >= (uint)data.Tokens.Count)
        {
            string found = named ? $"{value}" : $"no such key, whose default is {value}";
            throw new VocabularyException($"{name}_token_id", found, $"an id below {data.Tokens.Count}, the number of tokens");
        }

        return token;
    }

    private Dictionary<string, int> NameSpecials(VocabularyData data)
    {
        var named = new Dictionary<string, int>();
        foreach (string name in data.SpecialTokens.Keys)
        {
            named[name] = FindSpecial(data, name, null)!.Value;
        }

        if (EndOfSequence is int end)
        {
            named["eos"] = end;
        }

        return named;
    }

    private static HashSet<string> CollectKnown()
    {
        var known = new HashSet<string>([.. KnownTexts.EndOfGeneration, .. KnownTexts.AlwaysShown]);
        foreach ((_, string[] texts) in (ReadOnlySpan<(string, string[])>)[.. KnownTexts.FillEnds, .. KnownTexts.FillMarks])
        {
            known.UnionWith(texts);
        }

        return known;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Dictionary<string, int> FindKnown(IReadOnlyList<ReadOnlyMemory<byte>> tokens)
    {
        var found = new Dictionary<string, int>();
        for (int i = 0; i < tokens.Count; i++)
        {
            // All known texts have a bracket among their first characters; few other tokens do.
            ReadOnlySpan<byte> text = tokens[i].Span;
            if (text.Length is > 2 and < 64 && text[..Math.Min(4, text.Length)].ContainsAny((byte)'<', (byte)'['))
            {
                string known = Encoding.UTF8.GetString(text);
                if (Known.Contains(known))
                {
                    found[known] = i;
                }
            }
        }

        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadPieces(IReadOnlyList<ReadOnlyMemory<byte>> tokens, PieceSpelling spelling)
    {
        byte[] buffer = new byte[256];
        for (int token = 0; token < tokens.Count; token++)
        {
            ReadOnlySpan<byte> text = tokens[token].Span;
            if (text.Length > buffer.Length)
            {
                buffer = new byte[text.Length];
            }

            _written.Add(spelling.Write(_attributes[token], token, text, buffer), findable: false);
            if (spelling == PieceSpelling.ByteLevel)
            {
                text = ByteAlphabet.TryDecode(text, buffer, out int length) ? buffer.AsSpan(0, length) : [];
            }

            // Merging never produces a control token; they are recognized only where the text outside of data spells them. The exception is
            // a byte that no other token represents.
            bool isControl = (_attributes[token] & TokenAttributes.Control) != 0;
            Pieces.Add(text, findable: !isControl || (spelling == PieceSpelling.ByteLevel && text.Length == 1));
        }
    }

    /// <summary>Formats a text of the file for a message: short, on one line, and without terminal control sequences.</summary>
    public static string Quote(ReadOnlySpan<byte> utf8)
    {
        string text = Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, 200)]);
        var quoted = new StringBuilder("\"");
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, 40)))
        {
            quoted.Append(char.IsControl(c) || char.IsSurrogate(c) ? '?' : c);
        }

        return quoted.Append(text.Length > 40 ? "...\"" : "\"").ToString();
    }

    // Files do not record which tokens swallow white space. Like llama.cpp, recognize them by the names of the model and its parts.
    private void MarkStripping(VocabularyData data)
    {
        if (Contains(data.PreTokenizer, "jina-v2-de", "jina-v2-es", "jina-v2-code")
            || Contains(data.Architecture, "nomic-bert-moe", "jina-bert-v3"))
        {
            MarkMask(data.Tokens, "<mask>"u8);
        }
        else if (Contains(data.ModelName, "phi-3", "phi3"))
        {
            MarkPhi3(data.Tokens);
        }
        else if (Contains(data.ModelName, "modern-bert"))
        {
            MarkMask(data.Tokens, "[MASK]"u8);
        }
    }

    private static bool Contains(string? text, params ReadOnlySpan<string> parts)
    {
        foreach (string part in parts)
        {
            if (text?.Contains(part, StringComparison.OrdinalIgnoreCase) == true)
            {
                return true;
            }
        }

        return false;
    }

    private void MarkMask(IReadOnlyList<ReadOnlyMemory<byte>> tokens, ReadOnlySpan<byte> mask)
    {
        for (int token = 0; token < Size; token++)
        {
            if (tokens[token].Span.SequenceEqual(mask))
            {
                _attributes[token] |= TokenAttributes.StripsLeft;
            }
        }
    }

    private void MarkPhi3(IReadOnlyList<ReadOnlyMemory<byte>> tokens)
    {
        for (int token = 0; token < Size; token++)
        {
            ReadOnlySpan<byte> text = tokens[token].Span;
            bool keeps = text.SequenceEqual("<unk>"u8) || text.SequenceEqual("<s>"u8) || text.SequenceEqual("<|endoftext|>"u8);
            if (!keeps && (_attributes[token] & TokenAttributes.Special) != 0)
            {
                _attributes[token] |= TokenAttributes.StripsRight;
            }
        }
    }
}
