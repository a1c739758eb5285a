using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using EdgeRuntime.Json;

namespace EdgeRuntime.HuggingFace;

/// <summary>The pieces of a vocabulary by token id, while its files are read.</summary>
internal sealed class PieceList
{
    /// <summary>The largest accepted number of tokens. Published vocabularies have up to 300,000.</summary>
    public const int MaxTokens = 4 << 20;

    /// <summary>The largest accepted number of ids without a token.</summary>
    public const int MaxUnused = 1 << 18;

    private readonly List<string?> _texts = [];
    private readonly List<PieceType> _types = [];
    private readonly List<float> _scores = [];

    /// <summary>Gets the number of token ids.</summary>
    public int Count => _texts.Count;

    /// <summary>Gets the text of a token, or null if no token has the id.</summary>
    public string? GetText(int id) => id < Count ? _texts[id] : null;

    /// <summary>Sets a token.</summary>
    /// <param name="id">The token id, below <see cref="MaxTokens"/>.</param>
    /// <param name="text">The text.</param>
    /// <param name="type">The type.</param>
    /// <param name="score">The score.</param>
    public void Set(int id, string text, PieceType type, float score)
    {
        GrowTo(id + 1);
        (_texts[id], _types[id], _scores[id]) = (text, type, score);
    }

    /// <summary>Adds unused ids up to a number of tokens.</summary>
    public void GrowTo(int count)
    {
        while (_texts.Count < count)
        {
            _texts.Add(null);
            _types.Add(PieceType.Unused);
            _scores.Add(-10000f);
        }
    }

    /// <summary>Counts the ids without a token.</summary>
    public int CountUnused() => _texts.Count(static text => text is null);

    /// <summary>Adds a token of the vocabulary of a JSON file.</summary>
    /// <exception cref="ModelFormatException">Another token has the id.</exception>
    public void AddUnique(JsonField place, int id, string text, PieceType type, float score)
    {
        if (GetText(id) is { } other)
        {
            throw place.Wrong($"an id that no other token has; {id} is \"{Printable.Shorten(other)}\"");
        }

        Set(id, text, type, score);
    }

    /// <summary>Sets the tokens that <c>added_tokens</c> lists, which may repeat tokens of the vocabulary.</summary>
    /// <param name="added">The list.</param>
    /// <param name="unknown">The text of the unknown token, if it has a type of its own.</param>
    public void SetAdded(JsonField added, string? unknown = null)
    {
        foreach (JsonField token in added.Elements())
        {
            SetAdded(token["id"].GetCount(MaxTokens - 1), token, unknown);
        }
    }

    /// <summary>Sets one added token.</summary>
    /// <param name="id">The token id, below <see cref="MaxTokens"/>.</param>
    /// <param name="token">The description of the token.</param>
    /// <param name="unknown">The text of the unknown token, if it has a type of its own.</param>
    public void SetAdded(int id, JsonField token, string? unknown = null)
    {
        string text = token["content"].GetText();
        if (text == unknown)
        {
            Set(id, text, PieceType.Unknown, 0f);
        }
        else if (token["special"].GetFlag(false) || LooksSpecial(text))
        {
            Set(id, text, PieceType.Control, -1000f);
        }
        else
        {
            Set(id, text.Replace('\u2581', ' '), PieceType.UserDefined, -1000f);
        }
    }

    /// <summary>Gets the id of a text, or null if no token has it.</summary>
    public int? Find(string? text) => text is not null && _texts.IndexOf(text) is >= 0 and var id ? id : null;

    /// <summary>Gets the text of the unknown token, or null.</summary>
    public string? FindUnknown() => _types.IndexOf(PieceType.Unknown) is >= 0 and var id ? _texts[id] : null;

    /// <summary>Gets the texts. Ids without a token get a text of their own.</summary>
    /// <param name="spell">Converts a text to the spelling of GGUF files.</param>
    public List<byte[]> GetTexts(Func<string, PieceType, string>? spell = null)
    {
        var texts = new List<byte[]>(Count);
        for (int id = 0; id < Count; id++)
        {
            string text = _texts[id] ?? string.Create(CultureInfo.InvariantCulture, $"[PAD{id}]");
            texts.Add(Encoding.UTF8.GetBytes(spell is null ? text : spell(text, _types[id])));
        }

        return texts;
    }

    /// <summary>Gets the types as they are in GGUF files.</summary>
    public int[] GetTypes() => [.. _types.ConvertAll(static type => (int)type)];

    /// <summary>Gets the scores.</summary>
    public float[] GetScores() => [.. _scores];

    // Models whose files call control tokens ordinary.
    private static bool LooksSpecial(string text) =>
        text is "<pad>" or "<mask>" or "<2mass>" or "[@BOS@]"
        || Encloses("<|", text, "|>") || Encloses("<｜", text, "｜>") || Encloses("<unused", text, ">");

    private static bool Encloses(string start, string text, string end) =>
        text.StartsWith(start, StringComparison.Ordinal) && text.EndsWith(end, StringComparison.Ordinal);
}
