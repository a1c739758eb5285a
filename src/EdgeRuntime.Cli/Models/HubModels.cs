using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Downloads;
using EdgeRuntime.Cli.Downloads.Hub;
using EdgeRuntime.Cli.Terminal;

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
        StoredModel[] models =
            [.. Stored(reference).Where(static model => model.Files.IsComplete && !HubChoice.IsCompanion(FileName(model)))];
        StoredModel? found = OfQuantization(models, reference).FirstOrDefault()
            ?? (reference.Quantization is null ? models.FirstOrDefault() : null);
        if (found is not null)
        {
            return found.Path;
        }

        IReadOnlyList<Download> downloads = HubPlan.Create(HubServer.FromEnvironment(), reference, FolderOf(reference));
        ModelPull.Run(downloads);
        return downloads[0].Target;
    }

    /// <summary>Finds the model that a pull of the reference made; null if there is none of its repository.</summary>
    /// <exception cref="CommandException">It can't be told which model is meant; the message lists the candidates.</exception>
    public static StoredModel? Find(HubReference reference)
    {
        StoredModel[] models = Stored(reference);
        StoredModel[] found = [.. OfQuantization(models, reference)];
        if (found.Length == 0 && reference.Quantization is null)
        {
            found = models; // a pull takes another quantization where the repository lacks the default one
        }

        return models.Length == 0 ? null : found.Length switch
        {
            1 => found[0],
            0 => throw new CommandException($"{reference}: no model here has this quantization; found {Names(models)}"),
            _ => throw new CommandException($"{reference}: several models have this name: {Names(found)}"),
        };
    }

    private static StoredModel[] Stored(HubReference reference)
    {
        string folder = $"{reference.Owner}/{reference.Repository}/";
        return [.. ModelFolder.List().Where(model => model.Name.StartsWith(folder, StringComparison.OrdinalIgnoreCase))];
    }

    private static IEnumerable<StoredModel> OfQuantization(StoredModel[] models, HubReference reference)
    {
        string quantization = reference.Quantization ?? HubChoice.DefaultQuantization;
        return models.Where(model => HubChoice.HasQuantization(FileName(model), quantization));
    }

    private static string FileName(StoredModel model) => Path.GetFileName(model.Name);

    private static string Names(IEnumerable<StoredModel> models) => string.Join(", ", models.Select(static model => model.Name));
}
