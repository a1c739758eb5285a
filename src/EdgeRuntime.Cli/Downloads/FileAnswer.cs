using System;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>The meaning of a server's response for a download, decided from the status and the headers before the body is read.</summary>
internal abstract record FileAnswer
{
    private FileAnswer()
    {
    }

    /// <summary>Interprets the response to a request.</summary>
    /// <param name="asked">The request.</param>
    /// <param name="response">The response. Its body is not read.</param>
    /// <param name="now">The time of the response.</param>
    public static FileAnswer Judge(FileRequest asked, HttpResponseMessage response, DateTimeOffset now) => response.StatusCode switch
    {
        HttpStatusCode.OK => JudgeWhole(asked, response, now),
        HttpStatusCode.PartialContent => JudgePart(asked, response, now),
        HttpStatusCode.RequestedRangeNotSatisfiable => JudgeEnd(asked, response, now),
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or (>= (HttpStatusCode)500 and < (HttpStatusCode)600)
            => new TryLater($"the server answers {Status(response)}"),
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound
            => new Refused($"the server answers {Status(response)}", IsDenied: true),
        _ => new Refused($"the server answers {Status(response)}"),
    };

    private static FileAnswer JudgeWhole(FileRequest asked, HttpResponseMessage response, DateTimeOffset now)
    {
        long? length = response.Content.Headers.ContentLength;
        bool endIsMarked = length is not null || response.Headers.TransferEncodingChunked == true || response.Version.Major >= 2;
        if (!endIsMarked && asked.Size is null && !asked.HasChecksum)
        {
            return new Refused(
                "the server announces no size, so that a broken connection looks like the end of the file; "
                + "give --sha256, or name the size in a catalogue");
        }

        long? total = length ?? asked.Size;
        return FindFault(asked, response, total) is { } fault ? fault : new Body(0, total, total, FileVersion.Of(response, now));
    }

    private static FileAnswer JudgePart(FileRequest asked, HttpResponseMessage response, DateTimeOffset now)
    {
        if (asked.From == 0)
        {
            return new Refused($"the server answers {Status(response)} with a part of the file, although the whole file was asked for");
        }

        ContentRangeHeaderValue? range = response.Content.Headers.ContentRange;
        if (range is not { Unit: "bytes", HasRange: true, Length: { } total } || range.From != asked.From)
        {
            return new StartOver($"the server answers with another range than was asked for (bytes {asked.From} to the end)");
        }

        long end = range.To!.Value + 1;
        if (response.Content.Headers.ContentLength is { } length && length != end - asked.From)
        {
            return new StartOver($"the server announces a range of {end - asked.From} bytes and a length of {length}");
        }

        bool isSame = (asked.Total ?? total) == total && (asked.Version is null || asked.Version == FileVersion.Of(response, now));
        return !isSame ? new StartOver("the file on the server is not certainly the one that the download began with")
            : FindFault(asked, response, total) is { } fault ? fault
            : new Body(asked.From, end, total, asked.Version);
    }

    /// <summary>
    /// Interprets "416 Range Not Satisfiable": either the part is as long as the file, or the server has a different file now.
    /// </summary>
    private static FileAnswer JudgeEnd(FileRequest asked, HttpResponseMessage response, DateTimeOffset now)
    {
        if (asked.From == 0)
        {
            return new Refused($"the server answers {Status(response)}, although the whole file was asked for");
        }

        bool isOther = asked.Version is not null && FileVersion.Of(response, now) is { } version && version != asked.Version;
        return response.Content.Headers.ContentRange?.Length == asked.From && (asked.Total ?? asked.From) == asked.From && !isOther
            ? new Complete()
            : new StartOver("the file on the server has changed");
    }

    /// <summary>Finds a reason to refuse any body, based on the length of the whole file.</summary>
    private static Refused? FindFault(FileRequest asked, HttpResponseMessage response, long? total)
    {
        foreach (string encoding in response.Content.Headers.ContentEncoding)
        {
            if (!encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            {
                return new Refused("the server sends the file compressed (Content-Encoding), which was not asked for");
            }
        }

        return asked.Size is { } size && total is not null && total != size
            ? new Refused($"the server has {total} bytes, expected {size}: not the file that the catalogue or the listing means")
            : null;
    }

    /// <summary>Describes the status in the words of the standard; the server's own words are untrusted text.</summary>
    private static string Status(HttpResponseMessage response)
    {
        using var standard = new HttpResponseMessage(response.StatusCode);
        return $"{(int)response.StatusCode} {standard.ReasonPhrase}".TrimEnd();
    }

    /// <summary>The body is usable.</summary>
    /// <param name="From">The position of the first byte of the body in the file.</param>
    /// <param name="End">The position after the last byte of the body; null if unknown.</param>
    /// <param name="Total">The length of the whole file; null if unknown.</param>
    /// <param name="Version">The version of the file, or null.</param>
    public sealed record Body(long From, long? End, long? Total, FileVersion? Version) : FileAnswer;

    /// <summary>All bytes have been received already.</summary>
    public sealed record Complete : FileAnswer;

    /// <summary>The part cannot be continued; the whole file must be requested.</summary>
    public sealed record StartOver(string Reason) : FileAnswer;

    /// <summary>The server cannot respond now.</summary>
    public sealed record TryLater(string Reason) : FileAnswer;

    /// <summary>No further attempt can succeed.</summary>
    /// <param name="Reason">The reason, for a message.</param>
    /// <param name="IsDenied">Whether the server has no such file, or none for these credentials.</param>
    public sealed record Refused(string Reason, bool IsDenied = false) : FileAnswer
    {
        /// <summary>Gets the reason and, if access is denied, what the user can do.</summary>
        public string Explain(ServerAccess? access) => IsDenied && access is not null ? $"{Reason}; {access.Advice}" : Reason;
    }
}
