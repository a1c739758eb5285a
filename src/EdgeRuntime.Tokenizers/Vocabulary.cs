using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Text;
using EdgeRuntime.Gguf;

namespace EdgeRuntime;

/// <summary>
/// Represents a validated vocabulary in the form that encoding and decoding need: the pieces as bytes with an index, the attributes of the
/// tokens, and the special tokens. Immutable.
/// </summary>
internal sealed class Vocabulary
{
    private readonly GgufStrings _tokens;
    private readonly PieceSpelling _spelling;
    private readonly TokenAttributes[] _attributes;
    private readonly PieceTable? _written; // null if the written bytes need no memory of their own

    /// <exception cref="VocabularyException">The data is contradictory.</exception>
    public Vocabulary(VocabularyData data, PieceSpelling spelling, VocabularyDefaults defaults)
    {
        if (data.Tokens.Count == 0)
        {
            throw new VocabularyException("tokens", "none", "at least one");
        }

        Size = data.Tokens.Count;
        _tokens = data.Tokens;
        _spelling = spelling;
        _attributes = ReadAttributes(data);
        EndOfSequence = FindSpecial(data, "eos", defaults.EndOfSequence);
        BeginOfSequence = FindSpecial(data, "bos", defaults.BeginOfSequence);
        Unknown = FindSpecial(data, "unknown", defaults.Unknown);
        AddedBegin = FindAdded(data, "bos", BeginOfSequence, defaults, defaults.AddsBegin);
        int? separator = FindSpecial(data, "separator", defaults.Separator);
        AddedEnd = defaults.EndsWithSeparator
            ? FindAdded(data, "sep", separator, defaults, defaults.AddsEnd)
            : FindAdded(data, "eos", EndOfSequence, defaults, defaults.AddsEnd);
        KnownTexts.Apply(KnownTexts.Find(data.Tokens), NameSpecials(data), _attributes);
        Pieces = new PieceTable(defaults.FindsPieces ? Size : 0);
        _written = spelling is PieceSpelling.Sentence or PieceSpelling.Escaped ? new PieceTable(Size, findable: false) : null;
        ReadPieces(defaults.FindsPieces);
        MarkStripping(data);
    }

    /// <summary>Gets the number of tokens.</summary>
    public int Size { get; }

    /// <summary>
    /// Gets the pieces that are looked up in a text, indexed by token id; empty if the tokenizer looks up none. The constructor of a
    /// tokenizer may add more pieces after those of the tokens.
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
    public ReadOnlySpan<byte> GetWrittenBytes(int token) =>
        _written is not null ? _written[token]
        : _spelling.Write(_attributes[token], token, _tokens[token], _spelling == PieceSpelling.ByteLevel ? Pieces[token] : [], []);

    /// <summary>Gets whether <see cref="Pieces"/> finds a token by its bytes.</summary>
    public bool IsFound(int token) =>
        (_attributes[token] & TokenAttributes.Control) == 0 && !Pieces[token].IsEmpty && !Pieces.HasDuplicates;

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
        attributes.AsSpan().Fill(TokenAttributes.Normal);
        for (int i = 0; i < attributes.Length && i < types.Length; i++)
        {
            attributes[i] = ToAttributes(types[i]);
        }

        return attributes;
    }

    /// <summary>Gets the attribute that a token has in its file.</summary>
    public static TokenAttributes ReadType(VocabularyData data, int token) =>
        data.TokenTypes.IsEmpty ? TokenAttributes.Normal : ToAttributes(data.TokenTypes.Span[token]);

    private static TokenAttributes ToAttributes(int type) => type switch
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadPieces(bool findsPieces)
    {
        byte[] buffer = new byte[256];
        for (int token = 0; token < Size; token++)
        {
            ReadOnlySpan<byte> text = _tokens[token];
            if (text.Length > buffer.Length)
            {
                buffer = new byte[text.Length];
            }

            ReadOnlySpan<byte> piece = text;
            if (_spelling == PieceSpelling.ByteLevel)
            {
                piece = ByteAlphabet.TryDecode(text, buffer, out int length) ? buffer.AsSpan(0, length) : [];
            }

            // Merging never produces a control token; they are recognized only where the text outside of data spells them. The exception is
            // a byte that no other token represents.
            TokenAttributes attributes = _attributes[token];
            bool isControl = (attributes & TokenAttributes.Control) != 0;
            if (findsPieces)
            {
                Pieces.Add(piece, findable: !isControl || (_spelling == PieceSpelling.ByteLevel && piece.Length == 1));
            }

            if (_written is not null)
            {
                _written.Add(_spelling.Write(attributes, token, text, piece, buffer), findable: false);
            }
            else if ((attributes & TokenAttributes.Byte) != 0)
            {
                _ = GetWrittenBytes(token); // refuses a byte token that is no byte
            }
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

    // GGUF files do not record which tokens swallow white space. Like llama.cpp, recognize them by the names of the model and its parts.
    private void MarkStripping(VocabularyData data)
    {
        if (data.Stripping is { } stripping)
        {
            foreach ((int token, TokenAttributes attributes) in stripping)
            {
                _attributes[token] |= attributes;
            }
        }
        else if (Contains(data.PreTokenizer, "jina-v2-de", "jina-v2-es", "jina-v2-code")
            || Contains(data.Architecture, "nomic-bert-moe", "jina-bert-v3"))
        {
            MarkMask("<mask>"u8);
        }
        else if (Contains(data.ModelName, "phi-3", "phi3"))
        {
            MarkPhi3();
        }
        else if (Contains(data.ModelName, "modern-bert"))
        {
            MarkMask("[MASK]"u8);
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

    private void MarkMask(ReadOnlySpan<byte> mask)
    {
        for (int token = 0; token < Size; token++)
        {
            if (_tokens[token].SequenceEqual(mask))
            {
                _attributes[token] |= TokenAttributes.StripsLeft;
            }
        }
    }

    private void MarkPhi3()
    {
        for (int token = 0; token < Size; token++)
        {
            ReadOnlySpan<byte> text = _tokens[token];
            bool keeps = text.SequenceEqual("<unk>"u8) || text.SequenceEqual("<s>"u8) || text.SequenceEqual("<|endoftext|>"u8);
            if (!keeps && (_attributes[token] & TokenAttributes.Special) != 0)
            {
                _attributes[token] |= TokenAttributes.StripsRight;
            }
        }
    }
}
