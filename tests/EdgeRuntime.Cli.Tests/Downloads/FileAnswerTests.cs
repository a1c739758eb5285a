using System;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using EdgeRuntime.Cli.Downloads;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Downloads;

/// <summary>Every answer is judged by what was asked, before a byte is kept.</summary>
public sealed class FileAnswerTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 2, 12, 0, 0, TimeSpan.Zero);
    private static readonly FileVersion Version = new("\"v1\"");
    private static readonly FileRequest Whole = new(0, null, null, null, false);
    private static readonly FileRequest Rest = new(100, Version, 1000, null, false);

    [Fact]
    public void Judge_WholeFile_IsTaken()
    {
        using HttpResponseMessage response = Answer(200, 1000);
        Assert.Equal(new FileAnswer.Body(0, 1000, 1000, Version), FileAnswer.Judge(Whole, response, Now));
    }

    [Fact]
    public void Judge_WholeFileToARangeRequest_BeginsAnew()
    {
        using HttpResponseMessage response = Answer(200, 2000, tag: "\"v2\"");
        Assert.Equal(new FileAnswer.Body(0, 2000, 2000, new FileVersion("\"v2\"")), FileAnswer.Judge(Rest, response, Now));
    }

    [Fact]
    public void Judge_UnaskedPart_IsRefused()
    {
        using HttpResponseMessage response = Answer(206, 100, new ContentRangeHeaderValue(0, 99, 1000));
        Assert.IsType<FileAnswer.Refused>(FileAnswer.Judge(Whole, response, Now));
    }

    [Fact]
    public void Judge_TheRange_IsTaken()
    {
        using HttpResponseMessage response = Answer(206, 900, new ContentRangeHeaderValue(100, 999, 1000));
        Assert.Equal(new FileAnswer.Body(100, 1000, 1000, Version), FileAnswer.Judge(Rest, response, Now));
    }

    [Fact]
    public void Judge_ShorterRange_IsTakenAsThat()
    {
        using HttpResponseMessage response = Answer(206, 50, new ContentRangeHeaderValue(100, 149, 1000));
        Assert.Equal(new FileAnswer.Body(100, 150, 1000, Version), FileAnswer.Judge(Rest, response, Now));
    }

    [Theory]
    [InlineData(99, 999, 1000, 901, "\"v1\"")]
    [InlineData(101, 999, 1000, 899, "\"v1\"")]
    [InlineData(0, 999, 1000, 1000, "\"v1\"")]
    [InlineData(100, 999, 1000, 899, "\"v1\"")]
    [InlineData(100, 999, 1000, 5000, "\"v1\"")]
    [InlineData(100, 1999, 2000, 1900, "\"v1\"")]
    [InlineData(100, 999, null, 900, "\"v1\"")]
    [InlineData(100, 999, 1000, 900, "\"v2\"")]
    [InlineData(100, 999, 1000, 900, "W/\"v1\"")]
    [InlineData(100, 999, 1000, 900, null)]
    public void Judge_RangeOfSomethingElse_StartsOver(int from, int to, int? total, int length, string? tag)
    {
        ContentRangeHeaderValue range = total is { } known ? new(from, to, known) : new(from, to);
        using HttpResponseMessage response = Answer(206, length, range, tag);
        Assert.IsType<FileAnswer.StartOver>(FileAnswer.Judge(Rest, response, Now));
    }

    [Theory]
    [InlineData("bytes 100-")]
    [InlineData("bytes 999-100/1000")]
    [InlineData("bytes 100-1000/1000")]
    [InlineData("bytes */1000")]
    [InlineData("lines 100-999/1000")]
    [InlineData("bytes 100-99999999999999999999/99999999999999999999999")]
    [InlineData("")]
    public void Judge_MalformedRange_StartsOver(string range)
    {
        using HttpResponseMessage response = Answer(206, 900);
        response.Content.Headers.TryAddWithoutValidation("Content-Range", range);
        Assert.IsType<FileAnswer.StartOver>(FileAnswer.Judge(Rest, response, Now));
    }

    [Theory]
    [InlineData(100L, null, true)]
    [InlineData(100L, "\"v1\"", true)]
    [InlineData(100L, "\"v2\"", false)]
    [InlineData(99L, "\"v1\"", false)]
    [InlineData(1000L, "\"v1\"", false)]
    [InlineData(null, "\"v1\"", false)]
    public void Judge_RangeNotSatisfiable_IsCompleteOrChanged(long? total, string? tag, bool complete)
    {
        using HttpResponseMessage response = Answer(416, 0, total is { } known ? new ContentRangeHeaderValue(known) : null, tag);
        Assert.Equal(complete, FileAnswer.Judge(Rest with { Total = 100 }, response, Now) is FileAnswer.Complete);
        Assert.IsType<FileAnswer.StartOver>(FileAnswer.Judge(Rest, response, Now));
        Assert.IsType<FileAnswer.Refused>(FileAnswer.Judge(Whole, response, Now));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(206)]
    public void Judge_OtherSizeThanTheCatalogues_IsRefused(int status)
    {
        var range = new ContentRangeHeaderValue(100, 999, 1000);
        using HttpResponseMessage response = status == 200 ? Answer(200, 1000) : Answer(206, 900, range);
        Assert.IsType<FileAnswer.Refused>(FileAnswer.Judge(Rest with { Size = 999 }, response, Now));
        Assert.IsType<FileAnswer.Body>(FileAnswer.Judge(Rest with { Size = 1000 }, response, Now));
    }

    [Fact]
    public void Judge_CompressedBody_IsRefused()
    {
        using HttpResponseMessage response = Answer(200, 1000);
        response.Content.Headers.ContentEncoding.Add("gzip");
        Assert.IsType<FileAnswer.Refused>(FileAnswer.Judge(Whole, response, Now));
    }

    [Fact]
    public void Judge_EndIsNotMarked_NeedsSizeOrChecksum()
    {
        using HttpResponseMessage response = Answer(200, null);
        Assert.IsType<FileAnswer.Refused>(FileAnswer.Judge(Whole, response, Now));
        Assert.Equal(new FileAnswer.Body(0, 1000, 1000, Version), FileAnswer.Judge(Whole with { Size = 1000 }, response, Now));
        Assert.Equal(new FileAnswer.Body(0, null, null, Version), FileAnswer.Judge(Whole with { HasChecksum = true }, response, Now));
        response.Headers.TransferEncodingChunked = true;
        Assert.Equal(new FileAnswer.Body(0, null, null, Version), FileAnswer.Judge(Whole, response, Now));
    }

    [Theory]
    [InlineData(408, typeof(FileAnswer.TryLater))]
    [InlineData(429, typeof(FileAnswer.TryLater))]
    [InlineData(500, typeof(FileAnswer.TryLater))]
    [InlineData(503, typeof(FileAnswer.TryLater))]
    [InlineData(204, typeof(FileAnswer.Refused))]
    [InlineData(203, typeof(FileAnswer.Refused))]
    [InlineData(300, typeof(FileAnswer.Refused))]
    [InlineData(304, typeof(FileAnswer.Refused))]
    [InlineData(404, typeof(FileAnswer.Refused))]
    [InlineData(999, typeof(FileAnswer.Refused))]
    public void Judge_OtherStatus_IsNoBody(int status, Type expected)
    {
        using HttpResponseMessage response = Answer(status, 1000);
        Assert.IsType(expected, FileAnswer.Judge(Whole, response, Now));
        Assert.IsType(expected, FileAnswer.Judge(Rest, response, Now));
    }

    [Theory]
    [InlineData(-10, "2026-11-02", true)]
    [InlineData(-1, null, false)]
    [InlineData(-10, null, true)]
    [InlineData(10, null, false)]
    public void VersionOf_Date_IsStrongOnceItsSecondIsOver(int seconds, string? day, bool strong)
    {
        using HttpResponseMessage response = Answer(200, 1000, tag: "W/\"v1\"");
        response.Content.Headers.LastModified = Now.AddSeconds(seconds);
        response.Headers.Date = day is null ? null : Now;
        Assert.Equal(strong ? new FileVersion(Now.AddSeconds(seconds).ToString("R")) : null, FileVersion.Of(response, Now));
    }

    [Theory]
    [InlineData("\"v1\"", true)]
    [InlineData("Mon, 02 Nov 2026 12:00:00 GMT", true)]
    [InlineData("W/\"v1\"", false)]
    [InlineData("v1", false)]
    [InlineData("\"v1\"\r\nX: y", false)]
    [InlineData("*", false)]
    [InlineData("", false)]
    public void VersionParse_OnlyWhatIfRangeTakes(string text, bool valid) => Assert.Equal(valid, FileVersion.Parse(text) is not null);

    private static HttpResponseMessage Answer(int status, long? length, ContentRangeHeaderValue? range = null, string? tag = "\"v1\"")
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StreamContent(new UnknownLengthStream()) };
        response.Content.Headers.ContentLength = length;
        response.Content.Headers.ContentRange = range;
        response.Headers.ETag = tag is null ? null : EntityTagHeaderValue.Parse(tag);
        return response;
    }

    /// <summary>Content whose headers alone count.</summary>
    private sealed class UnknownLengthStream : System.IO.MemoryStream
    {
        public override bool CanSeek => false;
    }
}
