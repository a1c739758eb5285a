using System;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>Formats sizes for people, in powers of ten like disks and downloads.</summary>
internal static class ByteText
{
    public static string Format(long bytes) => bytes switch
    {
        < 1_000 => $"{bytes} B",
        < 1_000_000 => FormattableString.Invariant($"{bytes / 1e3:F1} kB"),
        < 1_000_000_000 => FormattableString.Invariant($"{bytes / 1e6:F1} MB"),
        _ => FormattableString.Invariant($"{bytes / 1e9:F2} GB"),
    };
}
