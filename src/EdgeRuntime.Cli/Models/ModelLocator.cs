using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Downloads;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Models;

/// <summary>Finds a model file from what a person typed: a path, a name, or nothing.</summary>
internal static class ModelLocator
{
    public const string FolderVariable = "EDGERUNTIME_MODELS";

    /// <summary>The model that comes with the product.</summary>
    public const string BundledFile = "SmolLM2-135M-Instruct-Q4_1.gguf";

    /// <summary>Where <c>edgert pull</c> puts models.</summary>
    public static string UserFolder { get; } = Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "edgert", "models");

    /// <summary>The path of the model that <paramref name="model"/> means; the bundled one for null.</summary>
    /// <exception cref="CommandException">There is none: says where it was looked for.</exception>
    public static string Find(string? model)
    {
        if (model is null)
        {
            return FindBundled();
        }

        if (File.Exists(model))
        {
            return model;
        }

        if (Directory.Exists(model))
        {
            throw new CommandException($"{model}: is a folder, expected a .gguf file");
        }

        bool isName = model == Path.GetFileName(model);
        return (isName ? FindByName(model) : null) ?? throw NotFound(model, isName);
    }

    private static string FindBundled()
    {
        string[] folders = [.. Folders()];
        foreach (string folder in folders)
        {
            string bundled = Path.Combine(folder, BundledFile);
            if (File.Exists(bundled))
            {
                return bundled;
            }

            // A folder that the user names need not hold the bundled model: its only model is then meant.
            if (folder == Environment.GetEnvironmentVariable(FolderVariable) && ModelsIn(folder) is [string only])
            {
                return only;
            }
        }

        throw new CommandException(
            $"no model named, and {BundledFile} is in none of {string.Join(", ", folders)}; name a .gguf file, or set {FolderVariable} to a folder with models");
    }

    private static string? FindByName(string name)
    {
        string[] files = name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? [name] : [name + ".gguf", name];
        foreach (string folder in Folders())
        {
            foreach (string file in files)
            {
                string? match = ModelsIn(folder).FirstOrDefault(path => Path.GetFileName(path).Equals(file, StringComparison.OrdinalIgnoreCase));
                if (match is not null)
                {
                    return match;
                }
            }
        }

        // The name of a catalogue entry means the file that pulling it gave.
        string? pulled = Catalogue.LoadBundled().Find(name)?.FileName;
        return pulled is null || pulled == name ? null : FindByName(pulled);
    }

    private static CommandException NotFound(string model, bool isName)
    {
        if (!isName)
        {
            return model.Contains("://", StringComparison.Ordinal)
                ? new CommandException($"{WebAddress.Show(model)}: is a URL, expected a file; 'edgert pull' downloads it")
                : new CommandException($"{model}: no such file");
        }

        return Catalogue.LoadBundled().Find(model) is { } entry
            ? new CommandException($"{model}: not downloaded yet; run 'edgert pull {entry.Name}'")
            : new CommandException($"{model}: no such file here, and no such model in {string.Join(", ", Folders())}");
    }

    private static string[] ModelsIn(string folder) =>
        Directory.Exists(folder) ? Directory.GetFiles(folder, "*.gguf") : [];

    /// <summary>Folders with models, first the one that the user names, then the product's, then the downloaded ones.</summary>
    private static IEnumerable<string> Folders()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } named)
        {
            yield return named;
        }

        // Beside the binary, and in the clone that the binary was built in.
        for (string? folder = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            string models = Path.Combine(folder, "models");
            if (Directory.Exists(models))
            {
                yield return models;
            }
        }

        yield return UserFolder;
    }
}
