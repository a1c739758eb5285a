using System;
using System.Globalization;
using System.Net.Http;
using System.Net.Http.Headers;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>
/// Identifies one version of a file on a server with a strong validator, so that parts of equal versions can be joined (RFC 9110, 8.8).
/// </summary>
/// <param name="Text">A strong ETag in its quotes or a date, in the form for If-Range.</param>
internal sealed record FileVersion(string Text)
{
    private const int MaxLength = 512;

    /// <summary>Gets the version in a response; null if it has no strong validator.</summary>
    /// <param name="response">The response.</param>
    /// <param name="now">The time of the response, used if it has no Date header.</param>
    public static FileVersion? Of(HttpResponseMessage response, DateTimeOffset now)
    {
        if (response.Headers.ETag is { IsWeak: false } tag)
        {
            return Parse(tag.Tag);
        }

        // Two versions of the same second share a date, so a date is strong only after its second has passed (RFC 9110, 8.8.2.2).
        DateTimeOffset? modified = response.Content.Headers.LastModified;
        return modified < (response.Headers.Date ?? now).AddSeconds(-1) ? new FileVersion(modified.Value.ToString("R")) : null;
    }

    /// <summary>Parses a version that was saved in a file; null if the text is not a version.</summary>
    public static FileVersion? Parse(string text)
    {
        bool isTag = EntityTagHeaderValue.TryParse(text, out EntityTagHeaderValue? tag) && !tag.IsWeak && tag.Tag == text;
        bool isDate = DateTimeOffset.TryParseExact(text, "R", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
        return text.Length <= MaxLength && (isTag || isDate) ? new FileVersion(text) : null;
    }
}
