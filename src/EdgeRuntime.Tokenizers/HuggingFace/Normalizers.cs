using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Json;

namespace EdgeRuntime.HuggingFace;

/// <summary>Reads the <c>normalizer</c> of a <c>tokenizer.json</c>.</summary>
internal static class Normalizers
{
    private const int MaxDepth = 8;

    /// <summary>Gets the types of the steps.</summary>
    /// <exception cref="ModelFormatException">The value is damaged.</exception>
    public static IReadOnlyList<string> Read(JsonField field) => [.. Steps(field).Select(static step => step["type"].GetText())];

    /// <summary>Gets the steps, without the sequences that hold them.</summary>
    /// <exception cref="ModelFormatException">The value is damaged.</exception>
    public static IEnumerable<JsonField> Steps(JsonField field, int depth = 0)
    {
        if (!field.Exists)
        {
            return [];
        }

        return field["type"].FindText() == "Sequence" && depth < MaxDepth
            ? field["normalizers"].Elements().SelectMany(step => Steps(step, depth + 1))
            : [field];
    }

    /// <summary>Refuses a step that is not supported.</summary>
    /// <exception cref="UnsupportedModelException">A step is not among the supported ones.</exception>
    public static void Require(JsonField place, IReadOnlyList<string> steps, ReadOnlySpan<string> supported)
    {
        foreach (string step in steps)
        {
            if (!supported.Contains(step))
            {
                string list = string.Join(", ", supported!);
                throw TokenizerReader.Unsupported(
                    place, $"the normalizer \"{Printable.Shorten(step)}\" is not supported with this model; supported are {list}");
            }
        }
    }
}
