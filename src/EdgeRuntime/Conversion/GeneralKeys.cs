using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using EdgeRuntime.Json;

namespace EdgeRuntime.Conversion;

/// <summary>Adds the keys that describe a model as a whole: its name, its size, and the sampling that its publisher recommends.</summary>
internal static partial class GeneralKeys
{
    private const int MaxBytes = 1 << 20;

    private static readonly (string Field, string Key, bool IsWhole)[] Sampling =
    [
        ("top_k", "top_k", true), ("top_p", "top_p", false), ("min_p", "min_p", false), ("temperature", "temp", false),
        ("repetition_penalty", "penalty_repeat", false),
    ];

    /// <summary>Adds the keys.</summary>
    public static void Add(KeyList keys, string folder, string? name, IReadOnlyList<PlannedTensor> tensors)
    {
        keys.SetWhole("general.architecture", keys.Architecture);
        keys.SetWhole("general.type", "model");
        AddSampling(keys, Path.Join(folder, "generation_config.json"));
        keys.SetWhole("general.name", name ?? ToTitle(new DirectoryInfo(folder).Name));
        keys.SetWhole("general.size_label", DescribeSize(tensors));
    }

    private static void AddSampling(KeyList keys, string path)
    {
        if (!Path.Exists(path))
        {
            return;
        }

        JsonField config = JsonField.Read(path, MaxBytes);
        foreach ((string field, string key, bool isWhole) in Sampling)
        {
            if (config[field].Exists)
            {
                keys.SetWhole(
                    $"general.sampling.{key}",
                    isWhole ? (object)config[field].GetCount(int.MaxValue) : (float)config[field].GetNumber());
            }
        }
    }

    /// <summary>Capitalizes the words of a name, except versions and words that have capitals.</summary>
    private static string ToTitle(string name) => string.Join(' ', name.Replace('-', ' ').Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(static word => word.Any(char.IsUpper) || !word.Any(char.IsLower) || Version().IsMatch(word)
            ? word
            : CultureInfo.InvariantCulture.TextInfo.ToTitleCase(word)));

    private static string DescribeSize(IReadOnlyList<PlannedTensor> tensors)
    {
        PlannedTensor[] experts = [.. tensors.Where(static tensor => tensor.Shape.Length >= 3 && IsExpert(tensor))];
        long shared = tensors.Sum(static tensor => tensor.ElementCount) - experts.Sum(static tensor => tensor.ElementCount);
        if (experts.Length == 0)
        {
            return Round(shared);
        }

        long count = experts.Sum(static tensor => tensor.Shape[^3]) / experts.Length;
        return $"{count}x{Round(shared + experts.Sum(static tensor => tensor.ElementCount / tensor.Shape[^3]))}";
    }

    private static bool IsExpert(PlannedTensor tensor) => tensor.Name.Contains("_exps.", StringComparison.Ordinal);

    /// <summary>Formats a number with at least two digits and a letter for its power of 1000.</summary>
    private static string Round(long count)
    {
        (double scaled, string unit) = count switch
        {
            > 1_000_000_000_000 => (count * 1e-12, "T"),
            > 1_000_000_000 => (count * 1e-9, "B"),
            > 1_000_000 => (count * 1e-6, "M"),
            _ => (count * 1e-3, "K"),
        };
        double rounded = Math.Round(scaled);
        int digits = rounded >= 10 ? 0 : rounded >= 1 ? 1 : 2;
        return scaled.ToString($"F{digits}", CultureInfo.InvariantCulture) + unit;
    }

    [GeneratedRegex(@"^(v\d+(\.\d+)*|\d.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Version();
}
