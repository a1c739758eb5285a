using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Downloads.Hub;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Models;

/// <summary>Finds a model file from user input: a path, a name, a model of a hub, or nothing.</summary>
internal static class ModelLocator
{
    public const string FolderVariable = "EDGERUNTIME_MODELS";

    /// <summary>The file name of the bundled model.</summary>
    public const string BundledFile = "SmolLM2-135M-Instruct-Q4_1.gguf";

    /// <summary>Gets the models folder, which <c>edgert pull</c> fills: the one that the user names, or one of the user's data.</summary>
    public static string ModelsFolder => NamedFolder ?? UserFolder;

    private static string UserFolder { get; } = UserData.GetFolder("models");

    private static string? NamedFolder => Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } named ? named : null;

    /// <summary>Finds the path of a model; null selects the bundled model. A model of a hub is downloaded if it is not there.</summary>
    /// <exception cref="CommandException">There is no such model; the message lists the places that were searched.</exception>
    public static string Find(string? model)
    {
        string path = Locate(model);
        ModelFolder.RecordUse(path);
        return path;
    }

    private static string Locate(string? model)
    {
        if (model is null)
        {
            return FindBundled();
        }

        if (File.Exists(model))
        {
            return model;
        }

        if (HubReference.Is(model))
        {
            return HubModels.FindOrPull(HubReference.Parse(model));
        }

        if (Directory.Exists(model))
        {
            return ModelLoading.Backends.Any(backend => backend.CanLoad(model)) ? model : throw new CommandException(
                $"{model}: is a folder, expected a .gguf file, or a folder with genai_config.json");
        }

        bool isName = model == Path.GetFileName(model);
        return (isName ? FindByName(model) : null) ?? FindStored(model) ?? throw NotFound(model, isName);
    }

    private static string? FindStored(string name)
    {
        StoredModel? found = ModelFolder.Find(name);
        return found is not { Files.WholeCount: 0 } ? found?.Path : throw new CommandException(
            $"{name}: its download was interrupted; the same 'edgert pull' goes on, and 'edgert rm' deletes what is there");
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

            // A folder named by the user need not contain the bundled model; its only model is used instead.
            if (folder == NamedFolder && ModelsIn(folder) is [string only])
            {
                return only;
            }
        }

        throw new CommandException(
            $"no model named, and {BundledFile} is in none of {string.Join(", ", folders)}; "
            + $"name a .gguf file, or set {FolderVariable} to a folder with models");
    }

    private static string? FindByName(string name)
    {
        string[] files = name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? [name] : [name + ".gguf", name];
        foreach (string folder in Folders())
        {
            foreach (string file in files)
            {
                string? match = ModelsIn(folder)
                    .FirstOrDefault(path => Path.GetFileName(path).Equals(file, StringComparison.OrdinalIgnoreCase));
                if (match is not null)
                {
                    return match;
                }
            }
        }

        // The name of a catalogue entry selects the file that was pulled for it.
        string? pulled = Catalogue.LoadBundled().Find(name)?.FileName;
        return pulled is null || pulled == name ? null : FindByName(pulled);
    }

    private static CommandException NotFound(string model, bool isName)
    {
        if (!isName)
        {
            return WebAddress.IsAddress(model)
                ? new CommandException($"{WebAddress.Show(model)}: is a URL, expected a file; 'edgert pull' downloads it")
                : new CommandException($"{model}: no such file");
        }

        return Catalogue.LoadBundled().Find(model) is { } entry
            ? new CommandException($"{model}: not downloaded yet; run 'edgert pull {entry.Name}'")
            : new CommandException($"{model}: no such file here, and no such model in {string.Join(", ", Folders())}");
    }

    private static string[] ModelsIn(string folder) =>
        Directory.Exists(folder) ? Directory.GetFiles(folder, "*.gguf") : [];

    /// <summary>Gets the model folders: the user's first, then those of the product, then the downloads.</summary>
    private static IEnumerable<string> Folders()
    {
        if (NamedFolder is { } named)
        {
            yield return named;
        }

        // The folder of the binary and its parents up to the clone in which it was built.
        for (string? folder = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
            folder is not null;
            folder = Path.GetDirectoryName(folder))
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
