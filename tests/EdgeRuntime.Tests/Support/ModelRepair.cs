using System;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;

namespace EdgeRuntime.Tests.Support;

/// <summary>
/// Gives a refused model the tensors that its metadata ask for, as someone would who wants it to run: so sizes that no converter writes
/// reach the layers.
/// </summary>
internal static partial class ModelRepair
{
    // Stays below the number of tensors of the largest random models, several times over.
    private const int MostRepairs = 400;

    /// <summary>Runs a model, and again after each repair, until it runs or is refused for another reason than its tensors.</summary>
    /// <param name="model">The head, which is written to the file and changed.</param>
    /// <param name="path">The file, with spare data.</param>
    /// <returns>As of <see cref="ModelTrial.Run"/>.</returns>
    public static string? Run(RawModel model, string path)
    {
        string? refusal;
        int repairs = 0;
        do
        {
            model.WriteTo(path);
            refusal = ModelTrial.Run(path);
        }
        while (refusal is not null && repairs++ < MostRepairs && TryRepair(model, refusal));
        return refusal;
    }

    private static bool TryRepair(RawModel model, string refusal)
    {
        if (Unread().IsMatch(refusal))
        {
            return model.Tensors.RemoveAll(tensor => refusal.Contains($"'{tensor.Name}'", StringComparison.Ordinal)) > 0;
        }

        if (Stack().Match(refusal) is { Success: true } stack)
        {
            RawTensor tensor = model.Tensors.First(tensor => tensor.Name == stack.Groups[1].Value);
            return model.TryReplace(tensor.Name, [tensor.Dimensions[0], Number(stack, 3), Number(stack, 2)]);
        }

        Match wrong = Wrong().Match(refusal);
        return wrong.Success && model.TryReplace(wrong.Groups[1].Value, [Number(wrong, 2), wrong.Groups[3].Success ? Number(wrong, 3) : 1]);
    }

    private static ulong Number(Match match, int group) => ulong.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"nothing here reads the tensors '")]
    private static partial Regex Unread();

    [GeneratedRegex(@"tensor '([^']+)' has \d+ rows a matrix; the metadata asks for (\d+) matrices of (\d+)")]
    private static partial Regex Stack();

    [GeneratedRegex(@"tensor '([^']+)' (?:has shape .* asks for|is missing; expected) \[?(\d+)(?:, (\d+)\]| values)")]
    private static partial Regex Wrong();
}
