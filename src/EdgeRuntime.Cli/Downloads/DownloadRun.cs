using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>Downloads the files of a model in turn, after a check of their headers, and reports them on standard error.</summary>
internal sealed class DownloadRun : IDisposable
{
    private readonly IReadOnlyList<Download> _downloads;
    private readonly GgufHeader[] _headers;
    private readonly Action<IReadOnlyList<GgufHeader>> _check;
    private readonly Interrupts _interrupts = new();
    private readonly Downloader _downloader = new(DownloadLimits.Default);
    private readonly CancellationToken _interrupted;
    private bool _isRefused;

    private DownloadRun(IReadOnlyList<Download> downloads, Action<IReadOnlyList<GgufHeader>> check)
    {
        _downloads = downloads;
        _headers = new GgufHeader[downloads.Count];
        _check = check;
        _interrupted = _interrupts.Arm();
    }

    /// <summary>Downloads the files that are not there yet.</summary>
    /// <param name="downloads">The files of a model, in order.</param>
    /// <param name="check">
    /// Checks the headers of all files before more than these are downloaded; not called if all files are there. After an exception nothing
    /// is left of the files that this call began.
    /// </param>
    /// <exception cref="OperationCanceledException">Ctrl-C stopped the download, which is reported.</exception>
    /// <exception cref="CommandException">A server, the disk or a file is at fault.</exception>
    public static void Run(IReadOnlyList<Download> downloads, Action<IReadOnlyList<GgufHeader>> check)
    {
        using var run = new DownloadRun(downloads, check);
        Download[] begun = [.. downloads.Where(static download => PartFile.LengthFor(download.Target) == 0)];
        try
        {
            run.Run();
        }
        catch (Exception) when (run._isRefused)
        {
            Array.ForEach(begun, static download => PartFile.Discard(download.Target));
            throw;
        }

        run.ReportUnchecked();
    }

    public void Dispose()
    {
        _downloader.Dispose();
        _interrupts.Dispose();
    }

    private void Run()
    {
        // The connection of this file stays open during the check. The other files give their headers before that.
        int last = _downloads.Select(static download => File.Exists(download.Target)).ToList().IndexOf(false);
        for (int index = 0; index < _downloads.Count && last >= 0; index++)
        {
            if (index != last)
            {
                ReadHeader(index);
            }
        }

        for (int index = 0; index < _downloads.Count; index++)
        {
            int file = index;
            bool came = Run(_downloads[file], file == last ? header => Check(file, header) : null);
            Console.Error.WriteLine(came ? $"saved {_downloads[file].Target}" : $"{_downloads[file].Target} is there already");
        }
    }

    private void ReadHeader(int index)
    {
        Download download = _downloads[index];
        if (File.Exists(download.Target))
        {
            _headers[index] = ModelHeader.Read(download.Target, download.Source);
            return;
        }

        Run(download, header =>
        {
            _headers[index] = header;
            return false;
        });
    }

    private bool Check(int index, GgufHeader header)
    {
        _headers[index] = header;
        _isRefused = true;
        _check(_headers);
        _isRefused = false;
        return true;
    }

    private bool Run(Download download, Predicate<GgufHeader>? decide)
    {
        try
        {
            return RunWithBar(download, decide);
        }
        catch (OperationCanceledException)
        {
            long kept = PartFile.LengthFor(download.Target);
            string rest = kept == 0 ? "" : $"; {kept} bytes of {download.Target} are kept, the same command goes on from there";
            Console.Error.WriteLine("edgert: stopped" + rest);
            throw;
        }
    }

    private bool RunWithBar(Download download, Predicate<GgufHeader>? decide)
    {
        ProgressBar bar = CreateBar();
        try
        {
            HeaderGate? gate = decide is null ? null : new HeaderGate(download.Source, DecideWithoutBar);
            return Task.Run(() => _downloader.RunAsync(download, gate, (done, total) => bar.Report(done, total), _interrupted))
                .GetAwaiter().GetResult();
        }
        finally
        {
            bar.Dispose();
        }

        ProgressBar CreateBar() => new(Path.GetFileName(download.Target), bytes: true);

        // A decision may print a line.
        bool DecideWithoutBar(GgufHeader header)
        {
            bar.Dispose();
            bool goesOn = decide(header);
            bar = CreateBar();
            return goesOn;
        }
    }

    /// <summary>Reports the parts of a split model without a checksum, if another part has one.</summary>
    private void ReportUnchecked()
    {
        Download[] sure = [.. _downloads.Where(download => download.Sha256 is not null)];
        if (sure.Length > 0 && sure.Length < _downloads.Count)
        {
            string names = string.Join(", ", sure.Select(download => Path.GetFileName(download.Target)));
            Console.Error.WriteLine($"only {names} was checked by a checksum; give --sha256 once for each of the {_downloads.Count} parts");
        }
    }
}
