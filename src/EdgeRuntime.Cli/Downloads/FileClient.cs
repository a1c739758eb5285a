using System;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>Requests files from servers and follows a limited number of redirects. Owns its connections.</summary>
internal sealed class FileClient : IDisposable
{
    private readonly DownloadLimits _limits;
    private readonly HttpClient _client;

    public FileClient(DownloadLimits limits)
    {
        _limits = limits;
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("edgert");
        _client.DefaultRequestHeaders.AcceptEncoding.ParseAdd("identity");
    }

    /// <summary>Sends a request and returns the response with an unread body. The caller disposes the response.</summary>
    /// <param name="url">The URL. Its user info is sent to its own host only.</param>
    /// <param name="access">The credentials for the host of the URL in place of the user info, or null.</param>
    /// <param name="asked">The requested bytes.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="CommandException">A redirect has a target that downloads do not follow.</exception>
    /// <exception cref="TimeoutException">No response starts within the time limit.</exception>
    public async Task<HttpResponseMessage> GetAsync(
        Uri url, ServerAccess? access, FileRequest asked, CancellationToken cancellationToken)
    {
        AuthenticationHeaderValue? credentials = access?.Authorization ?? Credentials(url);
        Uri current = WithoutUserInfo(url);
        for (int redirects = 0; ; redirects++)
        {
            HttpResponseMessage response = await SendAsync(current, asked, credentials, cancellationToken).ConfigureAwait(false);
            if (!Redirect.Is(response.StatusCode))
            {
                return response;
            }

            using (response)
            {
                if (redirects == _limits.Redirects)
                {
                    throw new CommandException($"{WebAddress.Show(url)}: the server redirects more than {_limits.Redirects} times");
                }

                // Once a redirect leaves the original server, credentials are dropped, even if a later redirect leads back.
                Uri target = Redirect.FindTarget(current, response);
                credentials = Redirect.StaysOnServer(current, target) ? credentials : null;
                current = target;
            }
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> SendAsync(
        Uri url, FileRequest asked, AuthenticationHeaderValue? credentials, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Authorization = credentials;
        if (asked.From > 0)
        {
            request.Headers.Range = new RangeHeaderValue(asked.From, null);
            if (asked.Version is { } version)
            {
                request.Headers.TryAddWithoutValidation("If-Range", version.Text);
            }
        }

        using var window = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        window.CancelAfter(_limits.Window);
        try
        {
            return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, window.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer from the server within {_limits.Window.TotalSeconds} s");
        }
    }

    /// <summary>Gets the user info of a URL as a Basic header (RFC 7617); null if there is none.</summary>
    private static AuthenticationHeaderValue? Credentials(Uri url) => url.UserInfo.Length == 0 ? null
        : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(url.UserInfo))));

    private static Uri WithoutUserInfo(Uri url) => new UriBuilder(url) { UserName = "", Password = "" }.Uri;
}
