using System;
using System.Diagnostics.CodeAnalysis;
using System.Linq;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>Validates URLs from users, catalogues and servers, and formats them for messages.</summary>
internal static class WebAddress
{
    /// <summary>The largest number of characters of a URL in a message.</summary>
    private const int MaxShown = 200;

    private const string Hidden = "...";

    /// <summary>Parses an absolute http or https URL without control characters.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Uri? url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url) && IsWeb(url) && IsPrintable(url);

    /// <summary>Gets whether the scheme of a URL is http or https.</summary>
    public static bool IsWeb(Uri url) => url.IsAbsoluteUri && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);

    /// <summary>Gets whether a text that should name a file is a URL, which may hold a password.</summary>
    public static bool IsAddress(string text) => text.Contains("://", StringComparison.Ordinal);

    /// <summary>Gets whether a URL was written without control characters.</summary>
    public static bool IsPrintable(Uri url) => !url.OriginalString.Any(char.IsControl);

    /// <summary>Formats a URL for messages and logs, without user info and query, which may be secrets.</summary>
    public static string Show(Uri url)
    {
        if (!IsWeb(url))
        {
            return Show(url.OriginalString);
        }

        string shown = url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        return Cut(shown) + (url.Query.Length > 0 ? "?" + Hidden : "");
    }

    /// <summary>Formats a text that may be a URL for messages and logs.</summary>
    /// <remarks>If the text cannot be parsed, the end of a password cannot be found, so only the scheme is shown.</remarks>
    public static string Show(string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && IsWeb(url))
        {
            return Show(url);
        }

        if (!text.Contains(':', StringComparison.Ordinal) || text.AsSpan().IndexOfAny("@?#") < 0)
        {
            return Cut(text);
        }

        int end = text.IndexOf("://", StringComparison.Ordinal);
        bool hasScheme = end > 0 && text[..end].All(char.IsAsciiLetter);
        return hasScheme ? Cut(text[..end]) + "://" + Hidden : Hidden;
    }

    /// <summary>Formats the name of a file for messages; a URL in place of a name is shown without secrets.</summary>
    public static string ShowFile(string path) => IsAddress(path) ? Show(path) : path;

    private static string Cut(string text) => text.Length <= MaxShown ? text : text[..MaxShown] + Hidden;
}
