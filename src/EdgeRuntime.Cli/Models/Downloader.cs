using System;
using System.Buffers;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Models;

/// <summary>What to download.</summary>
/// <param name="Url">http or https.</param>
/// <param name="Target">The file that appears, whole and checked, at the end.</param>
/// <param name="Size">Bytes it must have, or null.</param>
/// <param name="Sha256">What its content must hash to, hexadecimal, or null.</param>
internal sealed record Download(Uri Url, string Target, long? Size = null, string? Sha256 = null);

/// <summary>
/// Downloads a file through <c>TARGET.part</c>: a connection that breaks is taken up again where it stopped, within one call and by
/// the next one; the target appears only when its size and checksum are right.
/// </summary>
/// <remarks>
/// <c>TARGET.part.etag</c> keeps the server's name for the version that the part belongs to. With If-Range (RFC 9110, 13.1.5) a
/// server that has another version by now, or that can't send ranges, answers with the whole file, and the part starts anew.
/// </remarks>
internal sealed class Downloader(HttpClient client, TimeSpan retryDelay)
{
    /// <summary>Attempts in a row that brought no byte before the download is given up.</summary>
    private const int FruitlessAttempts = 4;

    private static readonly TimeSpan StallTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Downloads a file; returns false where the target was there already.</summary>
    /// <param name="download">What and where to.</param>
    /// <param name="progress">Told bytes present and bytes in all (null where the server does not say).</param>
    /// <param name="cancellationToken">Stops; what has come stays for the next call.</param>
    /// <exception cref="CommandException">Server, disk or content is not as it must be.</exception>
    public async Task<bool> RunAsync(Download download, Action<long, long?> progress, CancellationToken cancellationToken)
    {
        if (File.Exists(download.Target))
        {
            return false;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(download.Target))!);
        var part = new PartFile(download.Target);
        for (int fruitless = 0; ;)
        {
            long before = part.Length;
            try
            {
                await FetchAsync(download, part, progress, cancellationToken).ConfigureAwait(false);
                break;
            }
            catch (Exception exception) when (IsTransient(exception, cancellationToken))
            {
                fruitless = part.Length > before ? 0 : fruitless + 1;
                if (fruitless >= FruitlessAttempts)
                {
                    throw new CommandException(
                        $"{download.Url}: {exception.GetBaseException().Message}; {part.Length} bytes are kept, the same command goes on from there", exception);
                }

                await Task.Delay(retryDelay * fruitless, cancellationToken).ConfigureAwait(false);
            }
        }

        await CheckAsync(download, part, cancellationToken).ConfigureAwait(false);
        part.Complete();
        return true;
    }

    /// <summary>Whether another attempt may help: not against a full disk, a refusal or the user's Ctrl-C.</summary>
    private static bool IsTransient(Exception exception, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested
        && exception is HttpIOException or IOException { InnerException: SocketException } or TimeoutException or OperationCanceledException
            or HttpRequestException { StatusCode: null or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError };

    private async Task FetchAsync(Download download, PartFile part, Action<long, long?> progress, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await RequestAsync(download, part, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            // The part is as long as the file, or longer than what the server has now. The checks tell which.
            if (response.Content.Headers.ContentRange?.Length != part.Length)
            {
                part.Restart(null);
                throw new HttpIOException(HttpRequestError.InvalidResponse, "the file on the server has changed");
            }

            return;
        }

        if (!response.IsSuccessStatusCode)
        {
            throw response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError
                ? new HttpRequestException($"the server answers {Status(response)}", null, response.StatusCode)
                : new CommandException($"{download.Url}: the server answers {Status(response)}");
        }

        if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != part.Length)
        {
            part.Restart(response);
        }

        long? total = part.Length + response.Content.Headers.ContentLength;
        CheckSize(download, total);
        CheckSpace(download, part, total);
        await CopyAsync(response, part, total, progress, cancellationToken).ConfigureAwait(false);
        if (part.Length < total)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, $"the connection broke off at {part.Length} of {total} bytes");
        }
    }

    private async Task<HttpResponseMessage> RequestAsync(Download download, PartFile part, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, download.Url);
        string? version = part.Version;

        // Without a name for the version only a checksum could tell whether two halves belong together.
        if (part.Length > 0 && (version is not null || download.Sha256 is not null))
        {
            request.Headers.Range = new RangeHeaderValue(part.Length, null);
            if (version is not null)
            {
                request.Headers.TryAddWithoutValidation("If-Range", version);
            }
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
    }

    private static async Task CopyAsync(HttpResponseMessage response, PartFile part, long? total, Action<long, long?> progress, CancellationToken cancellationToken)
    {
        using Stream source = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using FileStream target = part.OpenForAppend();
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            while (true)
            {
                stall.CancelAfter(StallTimeout);
                int count = await source.ReadAsync(buffer, stall.Token).ConfigureAwait(false);
                if (count == 0)
                {
                    return;
                }

                await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                progress(target.Position, total);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void CheckSize(Download download, long? total)
    {
        if (download.Size is { } expected && total is not null && total != expected)
        {
            throw new CommandException($"{download.Url}: the server has {total} bytes, expected {expected}: not the file that the catalogue means");
        }
    }

    private static void CheckSpace(Download download, PartFile part, long? total)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(download.Target))!;
        long free = new DriveInfo(folder).AvailableFreeSpace;
        if (total - part.Length > free)
        {
            throw new CommandException($"{folder}: {total - part.Length} bytes are needed, {free} are free; make room, or name another folder with --output");
        }
    }

    private static async Task CheckAsync(Download download, PartFile part, CancellationToken cancellationToken)
    {
        if (download.Size is { } size && part.Length != size)
        {
            long found = part.Length;
            part.Delete();
            throw new CommandException($"{download.Url}: {found} bytes came, expected {size}; what came is deleted");
        }

        using (FileStream stream = File.OpenRead(part.Path))
        {
            byte[] magic = new byte[4];
            await stream.ReadAtLeastAsync(magic, magic.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            if (!magic.AsSpan().SequenceEqual("GGUF"u8))
            {
                stream.Close();
                part.Delete();
                throw new CommandException($"{download.Url}: not a GGUF file: it starts with bytes {Convert.ToHexString(magic)}, expected 47475546 (GGUF)");
            }

            if (download.Sha256 is null)
            {
                return;
            }

            stream.Position = 0;
            string hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
            if (hash.Equals(download.Sha256, StringComparison.OrdinalIgnoreCase))
            {
                return;
            }

            stream.Close();
            part.Delete();
            throw new CommandException($"{download.Url}: wrong checksum: sha256 is {hash}, expected {download.Sha256}; what came is deleted");
        }
    }

    private static string Status(HttpResponseMessage response) => $"{(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd();
}
