using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>Checks what a file holds against what is known of it.</summary>
internal static class ContentCheck
{
    /// <summary>Bytes that <see cref="FindWrongStart"/> looks at.</summary>
    public const int StartLength = 4;

    /// <summary>Says what is wrong with the first bytes of a model file; null for nothing.</summary>
    /// <param name="start">At least <see cref="StartLength"/> bytes, fewer only of a shorter file.</param>
    public static string? FindWrongStart(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith("GGUF"u8))
        {
            return null;
        }

        string found = Convert.ToHexString(start[..Math.Min(start.Length, StartLength)]);
        return $"not a GGUF file: it {(found.Length > 0 ? "starts with bytes " + found : "is empty")}, expected 47475546 (GGUF)";
    }

    /// <summary>Says what is wrong with a whole file by the size and checksum of a download; null for nothing.</summary>
    /// <param name="content">The file, at its first byte.</param>
    /// <param name="download">Size and checksum, where they are known.</param>
    /// <param name="cancellationToken">Stops the check.</param>
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

    /// <summary>Whether a text is a SHA-256 checksum as this class takes it.</summary>
    public static bool IsSha256(string text) => text.Length == 2 * SHA256.HashSizeInBytes && text.All(char.IsAsciiHexDigit);
}
