using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Tokenizers;

/// <summary>What a tokenizer makes of a text, for comparing it with another implementation.</summary>
/// <param name="Text">The text.</param>
/// <param name="Ids">Its ids, special tokens neither added nor parsed.</param>
/// <param name="Detokenized">The text of <paramref name="Ids"/>, its spaces tidied where the vocabulary's reference does so.</param>
/// <param name="IdsAddSpecialParseSpecial">Its ids, special tokens added and parsed.</param>
/// <param name="IdsParseSpecial">Its ids, special tokens parsed only.</param>
public sealed record TokenizerVector(
    string Text, IReadOnlyList<int> Ids, string Detokenized, IReadOnlyList<int> IdsAddSpecialParseSpecial, IReadOnlyList<int> IdsParseSpecial)
{
    /// <summary>Makes the vector of a text.</summary>
    public static TokenizerVector Create(Tokenizer tokenizer, string text)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        IReadOnlyList<int> ids = tokenizer.Encode(text, addSpecial: false);
        string decoded = tokenizer.Decode(ids.ToArray());
        return new TokenizerVector(
            text,
            ids,
            tokenizer.TidiesSpaces ? SpaceTidying.Apply(decoded) : decoded,
            tokenizer.Encode(text, addSpecial: true, parseSpecial: true),
            tokenizer.Encode(text, addSpecial: false, parseSpecial: true));
    }
}
