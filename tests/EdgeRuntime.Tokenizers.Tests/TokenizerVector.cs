using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>The results of a tokenizer for a text, for comparison with another implementation.</summary>
/// <param name="Text">The text.</param>
/// <param name="Ids">The ids without adding or parsing special tokens.</param>
/// <param name="Detokenized">
/// The text decoded from <paramref name="Ids"/>, with unknown tokens written out, and with tidied spaces if the reference of the vocabulary
/// does so.
/// </param>
/// <param name="IdsAddSpecialParseSpecial">The ids with special tokens added and parsed.</param>
/// <param name="IdsParseSpecial">The ids with special tokens parsed only.</param>
internal sealed record TokenizerVector(
    string Text,
    IReadOnlyList<int> Ids,
    string Detokenized,
    IReadOnlyList<int> IdsAddSpecialParseSpecial,
    IReadOnlyList<int> IdsParseSpecial)
{
    /// <summary>Computes the results for a text.</summary>
    public static TokenizerVector Create(Tokenizer tokenizer, string text)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        IReadOnlyList<int> ids = tokenizer.Encode(text, addSpecial: false);
        string decoded = tokenizer.Decode(ids.ToArray(), special: true);
        return new TokenizerVector(
            text,
            ids,
            tokenizer.TidySpaces(decoded),
            tokenizer.Encode(text, addSpecial: true, parseSpecial: true),
            tokenizer.Encode(text, addSpecial: false, parseSpecial: true));
    }
}
