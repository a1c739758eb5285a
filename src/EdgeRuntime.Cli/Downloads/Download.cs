using System;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>What to download.</summary>
/// <param name="Url">http or https; user info in it is sent to its own host and to no other.</param>
/// <param name="Target">The file that appears, whole and checked, at the end.</param>
/// <param name="Size">The number of bytes it must have, or null.</param>
/// <param name="Sha256">What its content must hash to, hexadecimal, or null.</param>
internal sealed record Download(Uri Url, string Target, long? Size = null, string? Sha256 = null)
{
    /// <summary>The URL for messages, without secrets.</summary>
    public string Source { get; } = WebAddress.Show(Url);
}
