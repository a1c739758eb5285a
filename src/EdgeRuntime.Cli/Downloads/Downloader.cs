using System;
using System.Buffers;
using System.IO;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>
/// Downloads files through <see cref="PartFile"/>. A broken connection is resumed where it stopped, within one call and by the next call.
/// The target appears only when its size and checksum are correct. Owns its connections.
/// </summary>
/// <remarks>
/// With If-Range (RFC 9110, 13.1.5) a server that has a different version now, or that does not support ranges, responds with the whole
/// file, and the part starts again. <see cref="FileAnswer"/> does not rely on this: every response must name the version of the part.
/// </remarks>
internal sealed class Downloader(DownloadLimits limits) : IDisposable
{
    private readonly FileClient _client = new(limits);

    /// <summary>Downloads a file; returns false if the target exists already and is correct.</summary>
    /// <param name="download">The file to download and its target.</param>
    /// <param name="gate">
    /// Decides at the end of the file's header whether the download goes on; otherwise the received bytes are kept. Null for no decision.
    /// </param>
    /// <param name="progress">Receives the number of present bytes and the total (null if unknown).</param>
    /// <param name="cancellationToken">Cancels the download. The received bytes are kept for the next call.</param>
    /// <exception cref="CommandException">The server, the disk or the content is at fault.</exception>
    public async Task<bool> RunAsync(
        Download download, HeaderGate? gate, Action<long, long?> progress, CancellationToken cancellationToken)
    {
        if (Directory.Exists(download.Target))
        {
            throw new CommandException($"{download.Target}: is a folder, expected a file");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(download.Target))!);
        using PartFile? part = PartFile.Open(download.Target);
        if (part is null)
        {
            await CheckTargetAsync(download, cancellationToken).ConfigureAwait(false);
            return false;
        }

        var attempt = new Attempt(download, part, gate, new AttemptBudget(limits, part.Length), progress);
        await FetchAsync(attempt, cancellationToken).ConfigureAwait(false);
        if (attempt.IsStopped || !attempt.PassGate(part.Length))
        {
            return true;
        }

        if (await ContentCheck.FindFaultAsync(part.Rewind(), download, cancellationToken).ConfigureAwait(false) is { } fault)
        {
            part.Delete();
            throw new CommandException($"{download.Source}: {fault}; what came is deleted");
        }

        part.Complete();
        return true;
    }

    /// <summary>Gets the number of bytes that are free for downloads into a folder.</summary>
    public static long FreeSpace(string folder) => new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;

    public void Dispose() => _client.Dispose();

    /// <summary>Checks an existing file against its known size and checksum.</summary>
    private static async Task CheckTargetAsync(Download download, CancellationToken cancellationToken)
    {
        if (download.Size is null && download.Sha256 is null)
        {
            return;
        }

        using FileStream target = UserFile.OpenRead(download.Target);
        if (await ContentCheck.FindFaultAsync(target, download, cancellationToken).ConfigureAwait(false) is { } fault)
        {
            throw new CommandException(
                $"{download.Target}: is there already, but is another file: {fault}; move it away to download it again");
        }
    }

    /// <summary>Makes attempts until the part is complete, or the gate stops them.</summary>
    private async Task FetchAsync(Attempt attempt, CancellationToken cancellationToken)
    {
        (Download download, PartFile part, AttemptBudget budget) = (attempt.Download, attempt.Part, attempt.Budget);
        while (true)
        {
            string? problem;
            Exception? cause = null;
            try
            {
                problem = await TryAsync(attempt, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (BrokenConnection.Is(exception))
            {
                problem = BrokenConnection.Describe(exception);
                cause = exception;
            }

            if (problem is null)
            {
                return;
            }

            budget.CountAttempt(part.Length);
            if (budget.IsSpent)
            {
                string kept = part.Length > 0 ? $"; {part.Length} bytes are kept, the same command goes on from there" : "";
                throw new CommandException($"{download.Source}: {problem}{kept}", cause);
            }

            await Task.Delay(budget.Delay, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Requests the missing bytes once.</summary>
    /// <returns>Null if the part is complete or the gate stopped it, otherwise the reason for another attempt.</returns>
    private async Task<string?> TryAsync(Attempt attempt, CancellationToken cancellationToken)
    {
        FileRequest asked = attempt.NextRequest();
        Download download = attempt.Download;
        using HttpResponseMessage response =
            await _client.GetAsync(download.Url, download.Access, asked, cancellationToken).ConfigureAwait(false);
        switch (FileAnswer.Judge(asked, response, DateTimeOffset.UtcNow))
        {
            case FileAnswer.Complete:
                return null;
            case FileAnswer.TryLater later:
                return later.Reason;
            case FileAnswer.StartOver startOver:
                attempt.MustStartOver = true;
                return startOver.Reason;
            case FileAnswer.Refused refused:
                throw new CommandException($"{download.Source}: {refused.Explain(download.Access)}");
            case FileAnswer.Body body:
                await ReceiveAsync(attempt, body, response, cancellationToken).ConfigureAwait(false);
                long length = attempt.Part.Length;
                return length < body.Total && !attempt.IsStopped ? $"the connection broke off at {length} of {body.Total} bytes" : null;
            case var other:
                throw new InvalidOperationException($"no such answer: {other}");
        }
    }

    /// <summary>Appends the body of a response to the part.</summary>
    private async Task ReceiveAsync(
        Attempt attempt, FileAnswer.Body body, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        long end = FindEnd(attempt, body);
        Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var source = new PacedBody(stream, limits, cancellationToken);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            int count = await source.ReadAsync(buffer, ContentCheck.StartLength).ConfigureAwait(false);
            if (body.From == 0)
            {
                // Begin only now, so that a response that is not a model discards nothing.
                attempt.Begin(body, buffer.AsSpan(0, count));
            }

            while (count > 0)
            {
                if (count > end - attempt.Part.Length)
                {
                    attempt.Part.Delete();
                    throw new CommandException($"{attempt.Download.Source}: {DescribeExcess(body)}; what came is deleted");
                }

                await attempt.Part.AppendAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                if (!attempt.PassGate(body.Total ?? end))
                {
                    return;
                }

                attempt.Progress(attempt.Part.Length, body.Total);
                count = await source.ReadAsync(buffer, 1).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// Gets the position in the file at which a body must end: the announced length or the limit, and never more than fits on the disk.
    /// </summary>
    private long FindEnd(Attempt attempt, FileAnswer.Body body)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(attempt.Download.Target))!;
        long free = FreeSpace(folder) + (attempt.Part.Length - body.From);
        long needed = (body.Total ?? 0) - body.From;
        return needed <= free
            ? body.End ?? Math.Min(limits.UnannouncedSize, free)
            : throw new CommandException(
                $"{folder}: {needed} bytes are needed, {free} are free; make room, or name another folder with --output");
    }

    private string DescribeExcess(FileAnswer.Body body) => body.End is { } end
        ? $"the server sends more than the {end - body.From} bytes that are announced"
        : $"the server sends more than {limits.UnannouncedSize} bytes, or more than the disk holds, without announcing a size; "
            + "name the size in a catalogue (--catalog)";

    /// <summary>The state shared by the attempts of one download.</summary>
    private sealed record Attempt(
        Download Download, PartFile Part, HeaderGate? Gate, AttemptBudget Budget, Action<long, long?> Progress)
    {
        /// <summary>Gets or sets whether the last response showed that the part cannot be continued.</summary>
        public bool MustStartOver { get; set; }

        /// <summary>Gets whether the gate has stopped the download.</summary>
        public bool IsStopped { get; private set; }

        public FileRequest NextRequest()
        {
            // Without a version, only a checksum can tell whether two parts belong together.
            bool isJoinable = Part.Version is not null || Download.Sha256 is not null;
            bool isTooLong = Part.Length > (Part.Total ?? Download.Size);
            long from = MustStartOver || !isJoinable || isTooLong ? 0 : Part.Length;
            return new FileRequest(from, Part.Version, Part.Total, Download.Size, Download.Sha256 is not null);
        }

        /// <summary>Returns whether the download goes on after the bytes that are here.</summary>
        /// <param name="length">The length of the whole file, or the limit if it is not announced.</param>
        public bool PassGate(long length)
        {
            IsStopped = Gate?.Pass(Part, length) == false;
            return !IsStopped;
        }

        /// <summary>Empties the part for a whole body that starts like a model.</summary>
        public void Begin(FileAnswer.Body body, ReadOnlySpan<byte> start)
        {
            if (ContentCheck.FindWrongStart(start) is { } fault)
            {
                throw new CommandException($"{Download.Source}: {fault}");
            }

            if (Part.Length > 0)
            {
                Budget.CountRestart();
            }

            Part.Restart(body.Version, body.Total);
            Gate?.Restart();
            MustStartOver = false;
        }
    }
}
