using System.Collections.Generic;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>The set of characters that <c>strip</c> removes: the code points of a text.</summary>
internal sealed class CharacterSet
{
    // Up to this many characters are compared one by one; more are looked up in a set.
    private const int Few = 8;

    private readonly string _characters;
    private readonly HashSet<int>? _table;

    /// <param name="characters">The characters in any order.</param>
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

    /// <summary>Gets whether the code point at an index of a text is in the set.</summary>
    public bool Contains(string text, int index) =>
        _table is null ? _characters.Contains(text[index]) : _table.Contains(CodePoints.ValueAt(text, index));
}
