namespace EdgeRuntime.Tokenizers;

/// <summary>Turns tokens into text as they come; bytes of an unfinished character wait for the next token. One caller.</summary>
public abstract class TokenStreamDecoder
{
    /// <summary>Text that <paramref name="token"/> completes; often empty in the middle of a character.</summary>
    public abstract string Append(int token);

    /// <summary>What is left at the end: U+FFFD for an unfinished character, or empty.</summary>
    public abstract string Flush();
}
