using System;
using System.Net;
using System.Net.Http;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>Validates the targets of redirects.</summary>
internal static class Redirect
{
    public static bool Is(HttpStatusCode status) => status
        is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
        or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    /// <summary>Gets the URL that a redirect leads to.</summary>
    /// <exception cref="CommandException">Downloads do not follow this redirect.</exception>
    public static Uri FindTarget(Uri from, HttpResponseMessage response)
    {
        string source = WebAddress.Show(from);
        if (response.Headers.Location is not { } location || !Uri.TryCreate(from, location, out Uri? target))
        {
            throw new CommandException($"{source}: the server redirects without a valid address to go to");
        }

        string? problem = target switch
        {
            _ when !WebAddress.IsWeb(target) => "expected http or https",
            { Scheme: "http" } when from.Scheme == Uri.UriSchemeHttps => "expected https, as before",
            { UserInfo.Length: > 0 } => "expected an address without user name and password",
            _ => null,
        };
        return problem is null
            ? target
            : throw new CommandException($"{source}: the server redirects to {WebAddress.Show(target)}, {problem}");
    }

    /// <summary>Gets whether two URLs have the same scheme, host and port, so that credentials for one may be sent to the other.</summary>
    public static bool StaysOnServer(Uri from, Uri target) =>
        Uri.Compare(from, target, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;
}
