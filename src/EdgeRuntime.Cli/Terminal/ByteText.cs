using System;
using System.Globalization;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>Formats and parses sizes for people, in powers of ten like disks and downloads.</summary>
internal static class ByteText
{
    public static string Format(long bytes) => bytes switch
    {
        < 1_000 => $"{bytes} B",
        < 1_000_000 => FormattableString.Invariant($"{bytes / 1e3:F1} kB"),
        < 1_000_000_000 => FormattableString.Invariant($"{bytes / 1e6:F1} MB"),
        _ => FormattableString.Invariant($"{bytes / 1e9:F2} GB"),
    };

    /// <summary>Parses a number of bytes with or without a unit: 500M, 1.5 GB.</summary>
    /// <param name="option">The name of the option, for the error.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="UsageException">The text is no positive size.</exception>
    public static long Parse(string option, string text)
    {
        string number = text.TrimEnd('b', 'B');
        double unit = number is not [.., var letter] ? 1 : char.ToUpperInvariant(letter) switch
        {
            'K' => 1e3,
            'M' => 1e6,
            'G' => 1e9,
            _ => 1,
        };
        number = unit == 1 ? number : number[..^1];
        return double.TryParse(number.Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count)
            && count * unit is >= 1 and < 1e18
            ? (long)Math.Round(count * unit)
            : throw new UsageException($"{option} {text}: expected a number of bytes, or one with K, M or G: 500M, 2G");
    }
}
