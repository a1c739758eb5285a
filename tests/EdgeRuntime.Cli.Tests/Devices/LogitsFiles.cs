using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Cli.Tests.Devices;

/// <summary>Reads and compares what <c>edgert logits</c> writes.</summary>
internal static class LogitsFiles
{
    private const int HeaderWords = 4;

    /// <summary>Reads the logits of all positions.</summary>
    public static float[] Read(string path)
    {
        int[] words = MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(path)).ToArray();
        return [.. words.Skip(HeaderWords + words[2]).Select(BitConverter.Int32BitsToSingle)];
    }

    /// <summary>Gets the size of the difference in proportion to that of the expected logits around their mean.</summary>
    public static double NormalizedError(float[] found, float[] expected)
    {
        double mean = expected.Average();
        double difference = expected.Zip(found, static (e, f) => Math.Pow((double)e - f, 2)).Sum();
        return Math.Sqrt(difference / expected.Sum(e => Math.Pow(e - mean, 2)));
    }
}
