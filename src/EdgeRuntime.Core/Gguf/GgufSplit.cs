using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace EdgeRuntime.Gguf;

/// <summary>
/// Opens models that are split into files named PREFIX-00001-of-0000N.gguf. Each part is a complete GGUF file with the keys split.no
/// (zero-based), split.count and split.tensors.count. The first part has the metadata of the model.
/// Source: llama.cpp, <c>llama_split_path</c>.
/// </summary>
internal static partial class GgufSplit
{
    private const string NumberKey = "split.no";
    private const string CountKey = "split.count";
    private const string TensorsKey = "split.tensors.count";
    private const string Extension = ".gguf";
    private const int Digits = 5;

    /// <summary>The length of the file name suffix after the prefix: "-00001-of-00003.gguf".</summary>
    private const int SuffixLength = 1 + Digits + 4 + Digits + 5;

    /// <summary>Gets the paths of the files of a split model.</summary>
    /// <param name="path">The path that the model would have as one file, or that of one of its files.</param>
    /// <param name="count">The number of files.</param>
    public static string[] PathsOf(string path, int count)
    {
        string prefix = SplitName().Match(path) is { Success: true } match ? path[..match.Index] : path;
        string[] paths = new string[count];
        for (int index = 0; index < count; index++)
        {
            paths[index] = prefix + Suffix(index, count);
        }

        return paths;
    }

    /// <summary>Adds the keys of a file of a split model.</summary>
    /// <param name="writer">The writer of the file.</param>
    /// <param name="number">The index of the file.</param>
    /// <param name="count">The number of files.</param>
    /// <param name="tensors">The number of tensors of all files.</param>
    public static void AddKeys(GgufWriter writer, int number, int count, int tensors)
    {
        writer.AddKey(NumberKey, (ushort)number);
        writer.AddKey(CountKey, (ushort)count);
        writer.AddKey(TensorsKey, tensors);
    }

    /// <summary>Gets whether a key is about one file and not about the model: a writer adds it again.</summary>
    public static bool IsOfFile(string key) => key is NumberKey or CountKey or TensorsKey or GgufPartReader.AlignmentKey;

    /// <summary>Opens the other parts of a split model and sorts all parts.</summary>
    /// <param name="parts">On entry the opened part; on return all parts, or only the opened part if the others cannot be found.</param>
    /// <returns>The reason why the other parts cannot be found, or null if the model is complete.</returns>
    /// <exception cref="ModelFormatException">Another part violates the format, or the parts contradict each other.</exception>
    public static ModelFormatException? AddOtherParts(List<GgufPartReader> parts)
    {
        GgufPartReader opened = parts[0];
        int count = opened.Metadata.GetInt32(CountKey, 1);
        if (count is 0 or 1)
        {
            return null; // The splitter writes such a file for a model that fits into one.
        }

        if (FindPaths(opened, count, out string[] paths) is { } problem)
        {
            return problem;
        }

        int number = opened.Metadata.GetInt32(NumberKey);
        parts.Clear();
        try
        {
            for (int index = 0; index < count; index++)
            {
                parts.Add(index == number ? opened : new GgufPartReader(paths[index]));
                Check(parts[index], index, count);
            }
        }
        finally
        {
            // The caller disposes the parts in the list.
            if (!parts.Contains(opened))
            {
                parts.Add(opened);
            }
        }

        CheckTensorCount(parts);
        return null;
    }

    /// <summary>Checks that opened files are the parts of one model, in order.</summary>
    /// <returns>The reason why the model is not complete, or null if it is.</returns>
    /// <exception cref="ModelFormatException">The parts contradict each other.</exception>
    public static ModelFormatException? CheckParts(IReadOnlyList<GgufPartReader> parts)
    {
        int count = Math.Max(parts[0].Metadata.GetInt32(CountKey, 1), 1);
        if (count != parts.Count)
        {
            return parts[0].Metadata.WrongValue(CountKey, $"{count}", $"{parts.Count}, the number of files of this model");
        }

        if (count > 1)
        {
            for (int index = 0; index < count; index++)
            {
                Check(parts[index], index, count);
            }

            CheckTensorCount(parts);
        }

        return null;
    }

    /// <summary>Derives the paths of all parts from the metadata and the file name of one part.</summary>
    private static ModelFormatException? FindPaths(GgufPartReader opened, int count, out string[] paths)
    {
        paths = [];
        if (count is < 0 or > GgufLimits.MaxParts)
        {
            return opened.Metadata.WrongValue(CountKey, $"{count}", $"1 to {GgufLimits.MaxParts}");
        }

        int number = opened.Metadata.GetInt32(NumberKey);
        if (number < 0 || number >= count)
        {
            return opened.Metadata.WrongValue(NumberKey, $"{number}", $"0 to {count - 1}, less than {CountKey}");
        }

        string path = opened.Part.Path;
        string suffix = Suffix(number, count);
        if (!path.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
        {
            return new ModelFormatException(
                path,
                -1,
                $"found part {number + 1} of a model of {count} files under this name, expected one that ends in {suffix}; " +
                "give the file its original name, so that the others can be found");
        }

        string prefix = path[..^SuffixLength];
        string extension = path[^Extension.Length..];
        paths = new string[count];
        for (int index = 0; index < count; index++)
        {
            paths[index] = index == number ? path : string.Concat(prefix, Suffix(index, count).AsSpan(..^Extension.Length), extension);
            if (!File.Exists(paths[index]))
            {
                return new ModelFormatException(
                    paths[index],
                    -1,
                    $"found no such file, " +
                    $"expected part {index + 1} of {count} beside {Path.GetFileName(path)}; get all parts of the model");
            }
        }

        return null;
    }

    private static string Suffix(int number, int count) =>
        string.Create(CultureInfo.InvariantCulture, $"-{number + 1:D5}-of-{count:D5}{Extension}");

    private static void Check(GgufPartReader part, int index, int count)
    {
        if (part.Metadata.GetInt32(CountKey) is int foundCount && foundCount != count)
        {
            throw part.Metadata.WrongValue(CountKey, $"{foundCount}", $"{count}, as in the other parts");
        }

        if (part.Metadata.GetInt32(NumberKey) is int foundNumber && foundNumber != index)
        {
            throw part.Metadata.WrongValue(NumberKey, $"{foundNumber}", $"{index}, as in the file's name");
        }
    }

    private static void CheckTensorCount(IReadOnlyList<GgufPartReader> parts)
    {
        long found = parts.Sum(static part => (long)part.Tensors.Count);
        int expected = parts[0].Metadata.GetInt32(TensorsKey, (int)Math.Min(found, int.MaxValue));
        if (found != expected)
        {
            throw parts[0].Metadata.WrongValue(TensorsKey, $"{expected}, while the parts have {found} tensors", "the same number");
        }
    }

    [GeneratedRegex(@"(-\d{5}-of-\d{5})?\.gguf$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SplitName();
}
