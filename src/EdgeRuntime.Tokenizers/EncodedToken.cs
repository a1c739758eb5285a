using System;

namespace EdgeRuntime;

/// <summary>Represents a token of an encoded text and the part of the text that it stands for.</summary>
/// <param name="Id">The token id.</param>
/// <param name="Range">
/// The range in the text, in UTF-16 units, so that <c>text[token.Range]</c> is the part. If a character consists of several tokens, each of
/// them has the range of the whole character. The range is empty for tokens that the text does not contain: BOS, EOS and an added space.
/// </param>
public readonly record struct EncodedToken(int Id, Range Range);
