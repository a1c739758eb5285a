namespace EdgeRuntime;

/// <summary>
/// Decodes tokens as they arrive. The bytes of an incomplete character wait for the next token. For one caller at a time.
/// </summary>
public abstract class TokenStreamDecoder
{
    /// <summary>Appends a token and returns the text that it completes, which is often empty in the middle of a character.</summary>
    public abstract string Append(int token);

    /// <summary>Returns the remaining text at the end: U+FFFD for an incomplete character, otherwise empty.</summary>
    public abstract string Flush();
}
