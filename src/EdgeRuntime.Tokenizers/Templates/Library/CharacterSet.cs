using System.Collections.Generic;
using EdgeRuntime.Tokenizers.Templates.Values;

namespace EdgeRuntime.Tokenizers.Templates.Library;

/// <summary>The characters that <c>strip</c> takes away: those of a text, by code point.</summary>
internal sealed class CharacterSet
{
    // A few are compared one by one, many are looked up.
    private const int Few = 8;

    private readonly string _characters;
    private readonly HashSet<int>? _table;

    /// <param name="characters">The characters, in any order.</param>
    public CharacterSet(string characters)
    {
        _characters = characters;
        if (characters.Length <= Few && CodePoints.Count(characters) == characters.Length)
        {
            return;
        }

        _table = [];
        for (int i = 0; i < characters.Length; i += CodePoints.LengthAt(characters, i))
        {
            _table.Add(CodePoints.ValueAt(characters, i));
        }
    }

    /// <summary>Whether the code point at an index of a text is in the set.</summary>
    public bool Contains(string text, int index) =>
        _table is null ? _characters.Contains(text[index]) : _table.Contains(CodePoints.ValueAt(text, index));
}
