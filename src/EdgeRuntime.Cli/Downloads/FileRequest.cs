namespace EdgeRuntime.Cli.Downloads;

/// <summary>Describes a request for a file and what is known about the file.</summary>
/// <param name="From">The first requested byte; 0 for the whole file.</param>
/// <param name="Version">The version of the bytes before <paramref name="From"/>, or null.</param>
/// <param name="Total">The length of the file that those bytes belong to, or null.</param>
/// <param name="Size">The expected length of the file, or null.</param>
/// <param name="HasChecksum">Whether the content is checked at the end.</param>
internal sealed record FileRequest(long From, FileVersion? Version, long? Total, long? Size, bool HasChecksum);
