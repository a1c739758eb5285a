namespace EdgeRuntime;

/// <summary>Represents one token of an answer.</summary>
/// <param name="Id">The token id.</param>
/// <param name="Text">
/// The text that has become certain. It is usually the text of the token. It is empty inside a character and while a stop sequence may
/// follow, and then contains the text of several tokens.
/// </param>
/// <param name="IsLast">Whether the answer ends with this token.</param>
public readonly record struct GeneratedToken(int Id, string Text, bool IsLast)
{
    /// <summary>Returns <see cref="Text"/>.</summary>
    /// <returns>The text of the token.</returns>
    public override string ToString() => Text ?? "";
}
