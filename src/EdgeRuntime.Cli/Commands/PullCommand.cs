using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Net.Http;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert pull</c>: downloads a model.</summary>
internal static partial class PullCommand
{
    public static Command Create()
    {
        var name = new Argument<string?>("model")
        {
            Description = "A name of the catalogue, or the URL of a .gguf file; without one the catalogue is listed",
            HelpName = "NAME|URL",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> output = OptionFactory.Text("--output", ["-o"], $"Folder for the file [default: {ModelLocator.UserFolder}]", "FOLDER");
        Option<string?> catalogue = OptionFactory.Text("--catalog", [], "A catalogue of your own, shaped as models/catalog.json [default: the built-in one]", "FILE");
        Option<string?> sha256 = OptionFactory.Text("--sha256", [], "What the file must hash to [default: as in the catalogue]", "HEX");
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

            string folder = parsed.GetValue(output) ?? ModelLocator.UserFolder;
            return Pull(Resolve(models, wanted, folder, parsed.GetValue(sha256)));
        });
        return command;
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

    /// <summary>The downloads that a name or URL means: several for a split model.</summary>
    private static List<Download> Resolve(Catalogue models, string wanted, string folder, string? sha256)
    {
        if (models.Find(wanted) is { } entry)
        {
            return [new Download(entry.Url, Path.Combine(folder, entry.FileName), entry.Size, sha256 ?? entry.Sha256)];
        }

        if (!Uri.TryCreate(wanted, UriKind.Absolute, out Uri? url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps))
        {
            throw new CommandException($"{wanted}: neither a name of the catalogue ('edgert pull' lists it) nor an http or https URL");
        }

        string file = Path.GetFileName(Uri.UnescapeDataString(url.AbsolutePath));
        if (!file.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) || file.AsSpan().IndexOfAny(Path.GetInvalidFileNameChars()) >= 0)
        {
            throw new CommandException($"{wanted}: expected a URL whose path ends in the name of a .gguf file");
        }

        if (SplitName().Match(file) is not { Success: true } split)
        {
            return [new Download(url, Path.Combine(folder, file), Sha256: sha256)];
        }

        var parts = new List<Download>();
        int count = int.Parse(split.Groups["count"].ValueSpan, CultureInfo.InvariantCulture);
        for (int part = 1; part <= count; part++)
        {
            string partFile = $"{split.Groups["stem"].Value}-{part:D5}-of-{count:D5}.gguf";
            parts.Add(new Download(new Uri(url, partFile + url.Query), Path.Combine(folder, partFile)));
        }

        return parts;
    }

    private static int Pull(List<Download> downloads)
    {
        using var interrupts = new Interrupts();
        CancellationToken interrupted = interrupts.Arm();
        using var handler = new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(30) };
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(100) };
        client.DefaultRequestHeaders.UserAgent.ParseAdd("edgert");
        var downloader = new Downloader(client, TimeSpan.FromSeconds(1));
        foreach (Download download in downloads)
        {
            bool came = false;
            using (var bar = new ProgressBar(Path.GetFileName(download.Target), bytes: true))
            {
                came = Task.Run(() => downloader.RunAsync(download, bar.Report, interrupted)).GetAwaiter().GetResult();
            }

            Console.Error.WriteLine(came ? $"saved {download.Target}" : $"{download.Target} is there already");
        }

        return 0;
    }

    [GeneratedRegex(@"^(?<stem>.+)-\d{5}-of-(?<count>\d{5})\.gguf$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SplitName();
}
