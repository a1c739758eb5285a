using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>Checks the content of a file against its known properties.</summary>
internal static class ContentCheck
{
    /// <summary>The number of bytes that <see cref="FindWrongStart"/> needs.</summary>
    public const int StartLength = 4;

    /// <summary>Describes the error in the first bytes of a model file; null if there is none.</summary>
    /// <param name="start">At least <see cref="StartLength"/> bytes, or the whole of a shorter file.</param>
    public static string? FindWrongStart(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith("GGUF"u8))
        {
            return null;
        }

        string found = Convert.ToHexString(start[..Math.Min(start.Length, StartLength)]);
        return $"not a GGUF file: it {(found.Length > 0 ? "starts with bytes " + found : "is empty")}, expected 47475546 (GGUF)";
    }

    /// <summary>
    /// Describes the error in a complete file according to the size and the checksum of the download; null if there is none.
    /// </summary>
    /// <param name="content">The file, positioned at its first byte.</param>
    /// <param name="download">The download, with size and checksum if known.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    public static async Task<string?> FindFaultAsync(Stream content, Download download, CancellationToken cancellationToken)
    {
        if (download.Size is { } size && content.Length != size)
        {
            return $"{content.Length} bytes, expected {size}";
        }

        byte[] start = new byte[StartLength];
        int count = await content.ReadAtLeastAsync(start, StartLength, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (FindWrongStart(start.AsSpan(0, count)) is { } fault)
        {
            return fault;
        }

        if (download.Sha256 is not { } expected)
        {
            return null;
        }

        content.Position = 0;
        string hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken).ConfigureAwait(false));
        return hash.Equals(expected, StringComparison.OrdinalIgnoreCase) ? null : $"wrong checksum: sha256 is {hash}, expected {expected}";
    }

    /// <summary>Gets whether a text is a SHA-256 checksum in hexadecimal.</summary>
    public static bool IsSha256(string text) => text.Length == 2 * SHA256.HashSizeInBytes && text.All(char.IsAsciiHexDigit);
}
