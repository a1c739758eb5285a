namespace EdgeRuntime;

/// <summary>
/// The exception that is thrown for a file that violates its format. It names the file and the place, and what was found and expected.
/// </summary>
public sealed class ModelFormatException : EdgeRuntimeException
{
    /// <param name="path">The path of the file.</param>
    /// <param name="offset">The byte offset in the file, or -1 if the error has no single place.</param>
    /// <param name="what">One line: what was found, what was expected, and what to do.</param>
    public ModelFormatException(string path, long offset, string what)
        : base(offset < 0 ? $"{path}: {what}" : $"{path}: at byte {offset}: {what}")
    {
        Path = path;
        Offset = offset;
        What = what;
    }

    /// <summary>Gets the path of the file.</summary>
    public string Path { get; }

    /// <summary>Gets the byte offset in the file, or -1 if the error has no single place.</summary>
    public long Offset { get; }

    /// <summary>Gets the description: what was found and what was expected.</summary>
    public string What { get; }
}
