using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>Downloads the files of a model in turn and reports them on standard error.</summary>
internal static class DownloadRun
{
    /// <summary>Downloads the files that are not there yet.</summary>
    /// <exception cref="OperationCanceledException">Ctrl-C stopped the download, which is reported.</exception>
    /// <exception cref="CommandException">A server, the disk or a file is at fault.</exception>
    public static void Run(IReadOnlyList<Download> downloads)
    {
        using var interrupts = new Interrupts();
        CancellationToken interrupted = interrupts.Arm();
        using var downloader = new Downloader(DownloadLimits.Default);
        foreach (Download download in downloads)
        {
            bool came = Run(downloader, download, interrupted);
            Console.Error.WriteLine(came ? $"saved {download.Target}" : $"{download.Target} is there already");
        }

        ReportUnchecked(downloads);
    }

    private static bool Run(Downloader downloader, Download download, CancellationToken interrupted)
    {
        try
        {
            using var bar = new ProgressBar(Path.GetFileName(download.Target), bytes: true);
            return Task.Run(() => downloader.RunAsync(download, bar.Report, interrupted)).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            long kept = PartFile.LengthFor(download.Target);
            string rest = kept == 0 ? "" : $"; {kept} bytes of {download.Target} are kept, the same command goes on from there";
            Console.Error.WriteLine("edgert: stopped" + rest);
            throw;
        }
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
