using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Security.Cryptography;
using EdgeRuntime.Cli.Downloads;
using EdgeRuntime.Cli.Downloads.Hub;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert pull</c>: downloads a model.</summary>
internal static class PullCommand
{
    public static Command Create()
    {
        var name = new Argument<string?>("model")
        {
            Description = $"A name of the catalogue, the URL of a .gguf file, or {HubReference.Form}, a repository of a model hub and a "
                + $"quantization [default: {HubChoice.DefaultQuantization}]; {HubServer.TokenVariable} and {HubServer.EndpointVariable} "
                + "hold the access token and another hub; without a model the catalogue is listed",
            HelpName = "NAME|URL|hf:OWNER/REPO",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> output = OptionFactory.Text(
            "--output", ["-o"], $"Folder for the file [default: {ModelLocator.ModelsFolder}; "
                + $"{ModelLocator.FolderVariable} names another one]", "FOLDER");
        Option<string?> catalogue = OptionFactory.Text(
            "--catalog", [], "Another catalogue, in the format of models/catalog.json [default: the built-in one]", "FILE");
        Option<string[]> sha256 = Checksums();
        Option<bool> force = OptionFactory.Switch(
            ModelPull.ForceOption, [], "Download a model that will not run or does not fit here, too");
        var command = new Command(
            "pull",
            "Downloads a model, going on where an earlier download stopped, and checks it. Says first whether the model will run and fit "
            + "here, and refuses one that will not. Without a name: lists the catalogue.")
        {
            name, output, catalogue, sha256, force, OptionFactory.Switch("--verbose", ["-v"], "Stack traces with errors"),
        };
        command.SetAction(parsed =>
        {
            Catalogue models = parsed.GetValue(catalogue) is { } file ? Catalogue.Load(file) : Catalogue.LoadBundled();
            if (parsed.GetValue(name) is not { } wanted)
            {
                return List(models);
            }

            string? folder = parsed.GetValue(output);
            string[] checksums = parsed.GetValue(sha256) ?? [];
            CatalogueEntry? entry = models.Find(wanted);
            IReadOnlyList<Download> downloads = HubReference.Is(wanted)
                ? Resolve(HubReference.Parse(wanted), folder, checksums)
                : Resolve(entry, wanted, folder ?? ModelLocator.ModelsFolder, checksums);
            ModelPull.Run(downloads, entry?.Architecture, parsed.GetValue(force));
            return 0;
        });
        return command;
    }

    private static Option<string[]> Checksums()
    {
        var option = new Option<string[]>("--sha256")
        {
            Description = "Expected SHA-256 of the file; for a split model, of the named part or one for each part "
                + "[default: as in the catalogue]",
            HelpName = "HEX",
            Arity = ArgumentArity.OneOrMore,
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => !ContentCheck.IsSha256(token.Value)) is { } wrong)
            {
                result.AddError($"--sha256 {wrong.Value}: expected {2 * SHA256.HashSizeInBytes} hexadecimal digits");
            }
        });
        return option;
    }

    private static int List(Catalogue models)
    {
        using var output = new StandardOutput();
        foreach (CatalogueEntry entry in models.Entries)
        {
            string size = entry.Size is { } bytes ? ByteText.Format(bytes) : "";
            output.Write($"{entry.Name,-28} {size,10}  {entry.Licence,-14} {entry.Description}\n");
        }

        return 0;
    }

    /// <summary>Gets the downloads for a model of a hub, whose listing has the checksums.</summary>
    private static IReadOnlyList<Download> Resolve(HubReference reference, string? folder, string[] sha256) => sha256.Length > 0
        ? throw new UsageException($"--sha256: {reference} is checked by the checksums of the hub's listing; leave the option out")
        : HubPlan.Create(HubServer.FromEnvironment(), reference, folder ?? HubModels.FolderOf(reference));

    /// <summary>Gets the downloads for a name or URL: one for each part of a split model.</summary>
    private static IReadOnlyList<Download> Resolve(CatalogueEntry? entry, string wanted, string folder, string[] sha256)
    {
        Uri? url = entry?.Url;
        if (url is null && !WebAddress.TryParse(wanted, out url))
        {
            throw new CommandException(
                $"{WebAddress.Show(wanted)}: neither a name of the catalogue ('edgert pull' lists it), nor an http or https URL, "
                + $"nor {HubReference.Form}");
        }

        string[] checksums = sha256.Length == 0 && entry?.Sha256 is { } known ? [known] : sha256;
        try
        {
            return DownloadPlan.Create(url, folder, entry?.Size, checksums);
        }
        catch (FormatException exception)
        {
            throw new CommandException($"{WebAddress.Show(url)}: {exception.Message}", exception);
        }
    }
}
