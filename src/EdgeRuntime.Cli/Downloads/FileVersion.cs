using System;
using System.Globalization;
using System.Net.Http;
using System.Net.Http.Headers;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>The server's name for one version of a file, strong enough to join two halves by it (RFC 9110, 8.8).</summary>
/// <param name="Text">A strong ETag in its quotes, or a date, as If-Range takes them.</param>
internal sealed record FileVersion(string Text)
{
    private const int MaxLength = 512;

    /// <summary>The version that an answer carries; null where it names none that is strong.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="now">The time of the answer, used where it has no Date.</param>
    public static FileVersion? Of(HttpResponseMessage response, DateTimeOffset now)
    {
        if (response.Headers.ETag is { IsWeak: false } tag)
        {
            return Parse(tag.Tag);
        }

        // Two versions of the same second share a date, so a date is strong only once its second is over (RFC 9110, 8.8.2.2).
        DateTimeOffset? modified = response.Content.Headers.LastModified;
        return modified < (response.Headers.Date ?? now).AddSeconds(-1) ? new FileVersion(modified.Value.ToString("R")) : null;
    }

    /// <summary>A version as it was kept in a file; null where the text is none.</summary>
    public static FileVersion? Parse(string text)
    {
        bool isTag = EntityTagHeaderValue.TryParse(text, out EntityTagHeaderValue? tag) && !tag.IsWeak && tag.Tag == text;
        bool isDate = DateTimeOffset.TryParseExact(text, "R", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
        return text.Length <= MaxLength && (isTag || isDate) ? new FileVersion(text) : null;
    }
}
