using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Downloads;
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
            Description = "A name of the catalogue, or the URL of a .gguf file; without one the catalogue is listed",
            HelpName = "NAME|URL",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> output = OptionFactory.Text(
            "--output", ["-o"], $"Folder for the file [default: {ModelLocator.UserFolder}]", "FOLDER");
        Option<string?> catalogue = OptionFactory.Text(
            "--catalog", [], "Another catalogue, in the format of models/catalog.json [default: the built-in one]", "FILE");
        Option<string[]> sha256 = Checksums();
        var command = new Command(
            "pull", "Downloads a model, going on where an earlier download stopped, and checks it. Without a name: lists the catalogue.")
        {
            name, output, catalogue, sha256, OptionFactory.Switch("--verbose", ["-v"], "Stack traces with errors"),
        };
        command.SetAction(parsed =>
        {
            Catalogue models = parsed.GetValue(catalogue) is { } file ? Catalogue.Load(file) : Catalogue.LoadBundled();
            if (parsed.GetValue(name) is not { } wanted)
            {
                return List(models);
            }

            return Pull(Resolve(models, wanted, parsed.GetValue(output) ?? ModelLocator.UserFolder, parsed.GetValue(sha256) ?? []));
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

    /// <summary>Gets the downloads for a name or URL: one for each part of a split model.</summary>
    private static IReadOnlyList<Download> Resolve(Catalogue models, string wanted, string folder, string[] sha256)
    {
        CatalogueEntry? entry = models.Find(wanted);
        Uri? url = entry?.Url;
        if (url is null && !WebAddress.TryParse(wanted, out url))
        {
            throw new CommandException(
                $"{WebAddress.Show(wanted)}: neither a name of the catalogue ('edgert pull' lists it) nor an http or https URL");
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

    private static int Pull(IReadOnlyList<Download> downloads)
    {
        using var interrupts = new Interrupts();
        CancellationToken interrupted = interrupts.Arm();
        using var downloader = new Downloader(DownloadLimits.Default);
        foreach (Download download in downloads)
        {
            bool came;
            try
            {
                using var bar = new ProgressBar(Path.GetFileName(download.Target), bytes: true);
                came = Task.Run(() => downloader.RunAsync(download, bar.Report, interrupted)).GetAwaiter().GetResult();
            }
            catch (OperationCanceledException)
            {
                long kept = PartFile.LengthFor(download.Target);
                string rest = kept == 0 ? "" : $"; {kept} bytes of {download.Target} are kept, the same command goes on from there";
                Console.Error.WriteLine("edgert: stopped" + rest);
                return ErrorReport.Interrupted;
            }

            Console.Error.WriteLine(came ? $"saved {download.Target}" : $"{download.Target} is there already");
        }

        ReportUnchecked(downloads);
        return 0;
    }

    /// <summary>Reports the parts of a split model without a checksum, if another part has one.</summary>
    private static void ReportUnchecked(IReadOnlyList<Download> downloads)
    {
        Download[] sure = [.. downloads.Where(download => download.Sha256 is not null)];
        if (sure.Length > 0 && sure.Length < downloads.Count)
        {
            string names = string.Join(", ", sure.Select(download => Path.GetFileName(download.Target)));
            Console.Error.WriteLine($"only {names} was checked by a checksum; give --sha256 once for each of the {downloads.Count} parts");
        }
    }
}
