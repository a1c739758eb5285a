using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace EdgeRuntime.Benchmarks;

/// <summary>Reads tables whose values hold no commas, as the benchmarks export them.</summary>
internal static class CsvTable
{
    /// <summary>Reads the rows; the keys of a row are the names of the columns.</summary>
    /// <exception cref="InvalidDataException">The file does not exist, or a row has more or fewer values than columns.</exception>
    public static IEnumerable<IReadOnlyDictionary<string, string>> Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new InvalidDataException($"{path}: no such file");
        }

        string[][] lines = [.. File.ReadLines(path).Where(line => line.Length > 0).Select(line => line.Split(','))];
        foreach (string[] values in lines.Skip(1))
        {
            yield return values.Length == lines[0].Length
                ? lines[0].Zip(values).ToDictionary(pair => pair.First, pair => pair.Second)
                : throw new InvalidDataException($"{path}: {values.Length} values in a row, expected {lines[0].Length}");
        }
    }

    public static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
