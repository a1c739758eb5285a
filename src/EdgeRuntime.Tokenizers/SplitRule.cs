using System;
using System.Text.RegularExpressions;

namespace EdgeRuntime;

/// <summary>Finds the first piece of a text.</summary>
/// <param name="text">The rest of the text, not empty.</param>
/// <param name="pending">The state of the rule, 0 for a new text: the number of chars that it has looked at already.</param>
/// <returns>The number of chars of the piece, at least 1.</returns>
internal delegate int CutPiece(ReadOnlySpan<char> text, ref int pending);

/// <summary>
/// One step of a pre-tokenizer, which splits pieces of a text into smaller ones: a regular expression, whose matches and the text between
/// them are the pieces, or a method.
/// </summary>
internal sealed class SplitRule
{
    private readonly string? _pattern;

    private SplitRule(string? pattern, CutPiece? cut)
    {
        _pattern = pattern;
        Cut = cut;
    }

    /// <summary>Gets the method, or null if the rule is an expression.</summary>
    public CutPiece? Cut { get; }

    /// <summary>Gets the expression. It is created at its first use; if several threads do so at once, the results are equal.</summary>
    public Regex Expression => field ??= new Regex(_pattern!, RegexOptions.CultureInvariant);

    public static implicit operator SplitRule(string pattern) => new(pattern, null);

    public static implicit operator SplitRule(CutPiece cut) => new(null, cut);
}
