using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Downloads.Hub;

/// <summary>Plans the downloads of a model of a hub.</summary>
internal static class HubPlan
{
    /// <summary>The largest number of names in a message.</summary>
    private const int MaxNames = 20;

    /// <summary>Asks the hub for its files, chooses a model and plans its downloads. Reports a choice that the user did not name.</summary>
    /// <param name="server">The hub.</param>
    /// <param name="reference">The model.</param>
    /// <param name="folder">The target folder.</param>
    /// <exception cref="CommandException">The hub refuses, or has no such model.</exception>
    public static IReadOnlyList<Download> Create(HubServer server, HubReference reference, string folder)
    {
        using var interrupts = new Interrupts();
        CancellationToken interrupted = interrupts.Arm();
        using var client = new HubClient(server, DownloadLimits.Default);
        IReadOnlyList<ModelFile> files = Task.Run(() => client.ListAsync(reference, interrupted)).GetAwaiter().GetResult();
        ModelFiles chosen = Choose(reference, HubChoice.Models(files));
        try
        {
            return [.. chosen.Parts.Select(part => Plan(server.FileUrl(reference, part.Path), part, folder, server.Access))];
        }
        catch (FormatException exception)
        {
            throw new CommandException($"{reference}: {exception.Message}", exception);
        }
    }

    private static Download Plan(Uri url, ModelFile part, string folder, ServerAccess access) =>
        new(url, Path.Combine(folder, ModelFileName.Of(url)), part.Size, part.Sha256, access);

    private static ModelFiles Choose(HubReference reference, IReadOnlyList<ModelFiles> models)
    {
        if (models.Count == 0)
        {
            throw new CommandException($"{reference}: the repository has no .gguf file; repositories of GGUF files often end in -GGUF");
        }

        string wanted = reference.Quantization ?? HubChoice.DefaultQuantization;
        ModelFiles? found = HubChoice.Find(models, wanted);
        if (found is null && reference.Quantization is not null)
        {
            throw new CommandException($"{reference}: the repository has no file of quantization {wanted}; it has {Names(models)}");
        }

        if (found is null)
        {
            found = models[0];
            string others = models.Count > 1 ? $", the first of {Names(models)}" : "";
            Console.Error.WriteLine($"{reference}: the repository has no {wanted}, so it gives {found.Name}{others}");
        }

        return found.IsComplete ? found : throw new CommandException(
            $"{reference}: the repository has {found.Parts.Count} of the {found.PartCount} files of {found.Name}");
    }

    private static string Names(IReadOnlyList<ModelFiles> models) =>
        string.Join(", ", models.Take(MaxNames).Select(static model => model.Name)) + (models.Count > MaxNames ? ", ..." : "");
}
