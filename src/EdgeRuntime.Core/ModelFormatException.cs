using System;

namespace EdgeRuntime;

/// <summary>A file breaks the format that it claims: says which file, where, what was found and what was expected.</summary>
public sealed class ModelFormatException : Exception
{
    /// <param name="path">The file.</param>
    /// <param name="offset">Byte offset in the file, or -1 where no single place is to blame.</param>
    /// <param name="what">What was found, what was expected, what to do: one line.</param>
    public ModelFormatException(string path, long offset, string what)
        : base(offset < 0 ? $"{path}: {what}" : $"{path}: at byte {offset}: {what}")
    {
        Path = path;
        Offset = offset;
        What = what;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Byte offset in the file, or -1.</summary>
    public long Offset { get; }

    /// <summary>What was found and expected.</summary>
    public string What { get; }
}
