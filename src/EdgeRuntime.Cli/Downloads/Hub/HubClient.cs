using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Downloads.Hub;

/// <summary>Lists the files of repositories of a hub. Owns its connections.</summary>
internal sealed partial class HubClient(HubServer server, DownloadLimits limits) : IDisposable
{
    /// <summary>The largest number of bytes of a page, which lists 1,000 files.</summary>
    private const int MaxPageBytes = 4 << 20;

    private const int MaxPages = 100;

    private readonly FileClient _client = new(limits);

    /// <summary>Lists the .gguf files of a repository.</summary>
    /// <exception cref="CommandException">The hub refuses, cannot be reached, or answers with something else than a listing.</exception>
    public async Task<IReadOnlyList<ModelFile>> ListAsync(HubReference reference, CancellationToken cancellationToken)
    {
        var files = new List<ModelFile>();
        Uri? url = server.ListingUrl(reference);
        for (int pages = 0; url is not null; pages++)
        {
            if (pages == MaxPages)
            {
                throw new CommandException($"{WebAddress.Show(url)}: the listing has more than {MaxPages} pages");
            }

            Page page = await GetPageAsync(url, cancellationToken).ConfigureAwait(false);
            try
            {
                files.AddRange(HubListing.Parse(page.Json));
            }
            catch (FormatException exception)
            {
                throw new CommandException($"{WebAddress.Show(url)}: {exception.Message}", exception);
            }

            url = page.Next;
        }

        return files;
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Makes attempts until a page is there.</summary>
    private async Task<Page> GetPageAsync(Uri url, CancellationToken cancellationToken)
    {
        var budget = new AttemptBudget(limits, 0);
        while (true)
        {
            string? problem;
            Exception? cause = null;
            try
            {
                (Page? page, problem) = await TryPageAsync(url, cancellationToken).ConfigureAwait(false);
                if (page is not null)
                {
                    return page;
                }
            }
            catch (Exception exception) when (BrokenConnection.Is(exception))
            {
                problem = BrokenConnection.Describe(exception);
                cause = exception;
            }

            budget.CountAttempt(0);
            if (budget.IsSpent)
            {
                throw new CommandException($"{WebAddress.Show(url)}: {problem}", cause);
            }

            await Task.Delay(budget.Delay, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Requests a page once.</summary>
    /// <returns>The page, or the reason for another attempt.</returns>
    private async Task<(Page? Page, string? Problem)> TryPageAsync(Uri url, CancellationToken cancellationToken)
    {
        // JSON that ends too early is not valid, so that its end needs no mark.
        var asked = new FileRequest(0, null, null, null, HasChecksum: true);
        using HttpResponseMessage response = await _client.GetAsync(url, server.Access, asked, cancellationToken).ConfigureAwait(false);
        switch (FileAnswer.Judge(asked, response, DateTimeOffset.UtcNow))
        {
            case FileAnswer.TryLater later:
                return (null, later.Reason);
            case FileAnswer.Refused refused:
                throw new CommandException($"{WebAddress.Show(url)}: {refused.Explain(server.Access)}");
            case FileAnswer.Body:
                return (new Page(await ReadAsync(url, response, cancellationToken).ConfigureAwait(false), FindNext(url, response)), null);
            case var other:
                throw new InvalidOperationException($"no such answer to a request for a whole file: {other}");
        }
    }

    private async Task<byte[]> ReadAsync(Uri url, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var source = new PacedBody(stream, limits, cancellationToken);
        using var json = new MemoryStream();
        byte[] buffer = new byte[1 << 15];
        int count;
        while ((count = await source.ReadAsync(buffer, 1).ConfigureAwait(false)) > 0)
        {
            json.Write(buffer, 0, count);
            if (json.Length > MaxPageBytes)
            {
                throw new CommandException($"{WebAddress.Show(url)}: expected a listing of at most {MaxPageBytes} bytes a page");
            }
        }

        return json.ToArray();
    }

    /// <summary>Gets the next page of a listing from its Link header (RFC 8288); null for the last page.</summary>
    private static Uri? FindNext(Uri url, HttpResponseMessage response)
    {
        IEnumerable<string> links = response.Headers.TryGetValues("Link", out IEnumerable<string>? values) ? values : [];
        if (links.Select(static link => NextLink().Match(link)).FirstOrDefault(static match => match.Success) is not { } next)
        {
            return null;
        }

        return Uri.TryCreate(url, next.Groups["url"].Value, out Uri? page) && WebAddress.IsWeb(page) && Redirect.StaysOnServer(url, page)
            ? page
            : throw new CommandException($"{WebAddress.Show(url)}: the listing goes on at another server");
    }

    [GeneratedRegex("<(?<url>[^>]*)>[^,]*;\\s*rel=\"?next\"?", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NextLink();

    /// <summary>One page of a listing and the URL of the next one.</summary>
    private sealed record Page(byte[] Json, Uri? Next);
}
