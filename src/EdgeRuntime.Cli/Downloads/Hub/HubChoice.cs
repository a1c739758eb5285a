using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace EdgeRuntime.Cli.Downloads.Hub;

/// <summary>Chooses a model among the files of a repository by its quantization.</summary>
internal static class HubChoice
{
    /// <summary>The quantization that a reference without one means.</summary>
    public const string DefaultQuantization = "Q4_K_M";

    /// <summary>The starts and middles of names of .gguf files that only accompany a model.</summary>
    private static readonly string[] s_companionStarts = ["mtp-", "eagle3-", "dflash-"];
    private static readonly string[] s_companionWords = ["mmproj", "imatrix"];

    /// <summary>Gets the models among the files, in the order of their names, without projectors and other companions of models.</summary>
    public static IReadOnlyList<ModelFiles> Models(IEnumerable<ModelFile> files) =>
        ModelFiles.Group(files.Where(static file => !IsCompanion(Path.GetFileName(file.Path))));

    /// <summary>Finds the first model of a quantization: a whole word of the name of its file or of its folder.</summary>
    public static ModelFiles? Find(IReadOnlyList<ModelFiles> models, string quantization) =>
        models.FirstOrDefault(model => HasQuantization(Path.GetFileName(model.Name), quantization))
        ?? models.FirstOrDefault(model => HasQuantization(model.Name, quantization));

    /// <summary>
    /// Gets whether a name has a quantization as a whole word; "Q4_K" is no word of "x-Q4_K_M", and "F16" is none of "x-BF16".
    /// </summary>
    public static bool HasQuantization(string name, string word)
    {
        for (int start = 0; (start = name.IndexOf(word, start, StringComparison.OrdinalIgnoreCase)) >= 0; start++)
        {
            int end = start + word.Length;
            bool begins = start == 0 || !char.IsAsciiLetterOrDigit(name[start - 1]);
            bool ends = end == name.Length || (!char.IsAsciiLetterOrDigit(name[end]) && name[end] != '_');
            if (begins && ends)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Gets whether a .gguf file only accompanies a model.</summary>
    public static bool IsCompanion(string name) =>
        s_companionStarts.Any(start => name.StartsWith(start, StringComparison.OrdinalIgnoreCase))
        || s_companionWords.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));
}
