using System;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>Describes a download.</summary>
/// <param name="Url">The http or https URL. Its user info is sent to its own host only.</param>
/// <param name="Target">The path of the file, which appears only when it is complete and checked.</param>
/// <param name="Size">The expected number of bytes, or null.</param>
/// <param name="Sha256">The expected SHA-256 checksum in hexadecimal, or null.</param>
/// <param name="Access">The credentials for the host of the URL, or null.</param>
internal sealed record Download(Uri Url, string Target, long? Size = null, string? Sha256 = null, ServerAccess? Access = null)
{
    /// <summary>Gets the URL for messages, without secrets.</summary>
    public string Source { get; } = WebAddress.Show(Url);
}
