namespace EdgeRuntime.Cli.Downloads;

/// <summary>What a server is asked for, and what is known of the file beforehand.</summary>
/// <param name="From">The first byte that is asked for; 0 for the whole file.</param>
/// <param name="Version">The version that the bytes before <paramref name="From"/> belong to, or null.</param>
/// <param name="Total">The length of the file that the bytes before <paramref name="From"/> belong to, or null.</param>
/// <param name="Size">The length that the file must have, or null.</param>
/// <param name="HasChecksum">Whether the content is checked at the end.</param>
internal sealed record FileRequest(long From, FileVersion? Version, long? Total, long? Size, bool HasChecksum);
