using System;
using System.Linq;
using System.Net.Http.Headers;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Downloads.Hub;

/// <summary>The addresses of a model hub and the access to it.</summary>
internal sealed class HubServer
{
    public const string EndpointVariable = "HF_ENDPOINT";
    public const string TokenVariable = "HF_TOKEN";

    private const string DefaultEndpoint = "https://huggingface.co";
    private const string Revision = "main";

    private readonly string _endpoint;

    /// <param name="endpoint">The URL of the hub; null or empty for the public hub.</param>
    /// <param name="token">The access token; null or empty for none.</param>
    /// <exception cref="CommandException">The URL or the token is malformed.</exception>
    public HubServer(string? endpoint, string? token)
    {
        string text = string.IsNullOrWhiteSpace(endpoint) ? DefaultEndpoint : endpoint.Trim();
        if (!WebAddress.TryParse(text, out Uri? url) || url.UserInfo.Length + url.Query.Length + url.Fragment.Length > 0)
        {
            throw new CommandException(
                $"{EndpointVariable} {WebAddress.Show(text)}: expected an http or https URL without user name, password and query");
        }

        string? secret = string.IsNullOrWhiteSpace(token) ? null : token.Trim();
        if (secret?.Any(static letter => letter is <= ' ' or > '~') == true)
        {
            throw new CommandException($"{TokenVariable}: expected letters, digits and punctuation of ASCII without blanks");
        }

        _endpoint = url.AbsoluteUri.TrimEnd('/');
        Access = new ServerAccess(
            secret is null ? null : new AuthenticationHeaderValue("Bearer", secret),
            secret is null
                ? $"check the name; a private or gated model needs an access token in {TokenVariable}"
                : $"check the name, and whether the token in {TokenVariable} may read this model");
    }

    public ServerAccess Access { get; }

    /// <summary>Gets the hub that the environment names.</summary>
    /// <inheritdoc cref="HubServer(string?, string?)" path="/exception"/>
    public static HubServer FromEnvironment() =>
        new(Environment.GetEnvironmentVariable(EndpointVariable), Environment.GetEnvironmentVariable(TokenVariable));

    /// <summary>Gets the URL of the list of all files of a repository.</summary>
    public Uri ListingUrl(HubReference reference) =>
        new($"{_endpoint}/api/models/{reference.Owner}/{reference.Repository}/tree/{Revision}?recursive=true");

    /// <summary>Gets the URL of the content of a file.</summary>
    /// <param name="reference">The repository.</param>
    /// <param name="path">The path of the file in the repository.</param>
    public Uri FileUrl(HubReference reference, string path)
    {
        string escaped = string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
        return new Uri($"{_endpoint}/{reference.Owner}/{reference.Repository}/resolve/{Revision}/{escaped}");
    }
}
