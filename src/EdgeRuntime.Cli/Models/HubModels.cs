using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Downloads;
using EdgeRuntime.Cli.Downloads.Hub;

namespace EdgeRuntime.Cli.Models;

/// <summary>The models of a hub in the models folder: each repository has the folder OWNER/REPO.</summary>
internal static class HubModels
{
    /// <summary>Gets the folder of a repository.</summary>
    public static string FolderOf(HubReference reference) =>
        Path.Combine(ModelLocator.ModelsFolder, reference.Owner, reference.Repository);

    /// <summary>Finds the file of a model, or the first of its files, and downloads the model first if it is not there.</summary>
    /// <remarks>
    /// Without a quantization the models that are there come before those of the hub, so that a model starts without a connection.
    /// </remarks>
    /// <inheritdoc cref="HubPlan.Create" path="/exception"/>
    public static string FindOrPull(HubReference reference)
    {
        string folder = FolderOf(reference);
        if (FindLocal(reference, folder) is { } path)
        {
            return path;
        }

        IReadOnlyList<Download> downloads = HubPlan.Create(HubServer.FromEnvironment(), reference, folder);
        DownloadRun.Run(downloads);
        return downloads[0].Target;
    }

    private static string? FindLocal(HubReference reference, string folder)
    {
        if (!Directory.Exists(folder))
        {
            return null;
        }

        IEnumerable<ModelFile> files = new DirectoryInfo(folder).EnumerateFiles("*" + ModelFileName.Extension)
            .Select(static file => new ModelFile(file.Name, file.Length));
        ModelFiles[] models = [.. HubChoice.Models(files).Where(static model => model.IsComplete)];
        ModelFiles? found = HubChoice.Find(models, reference.Quantization ?? HubChoice.DefaultQuantization)
            ?? (reference.Quantization is null ? models.FirstOrDefault() : null);
        return found is null ? null : Path.Combine(folder, found.Parts[0].Path);
    }
}
