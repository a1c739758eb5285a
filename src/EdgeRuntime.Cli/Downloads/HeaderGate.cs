using System;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>Stops a download at the end of the file's header, for a decision whether to go on.</summary>
/// <param name="name">The name of the file for messages.</param>
/// <param name="decide">Gets the header and returns whether the download goes on. An exception ends the download.</param>
internal sealed class HeaderGate(string name, Predicate<GgufHeader> decide)
{
    private long _next = ModelHeader.FirstLength;
    private bool _isDecided;

    /// <summary>Forgets the header, because the file begins anew.</summary>
    public void Restart() => (_next, _isDecided) = (ModelHeader.FirstLength, false);

    /// <summary>Looks for the header in the bytes that are here.</summary>
    /// <param name="part">The bytes that are here.</param>
    /// <param name="length">The length of the whole file, or the limit if it is not announced.</param>
    /// <returns>Whether the download goes on.</returns>
    public bool Pass(PartFile part, long length)
    {
        if (_isDecided || part.Length < Math.Min(_next, length))
        {
            return true;
        }

        if (part.TryReadHeader(length, name) is not { } header)
        {
            _next = 2 * part.Length;
            return true;
        }

        _isDecided = true;
        return decide(header);
    }
}
