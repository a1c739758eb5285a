using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Downloads;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;
using static EdgeRuntime.Cli.Tests.Downloads.Answers;

namespace EdgeRuntime.Cli.Tests.Downloads;

/// <summary>Downloads that go on where an earlier connection or call stopped: parts of two versions are never joined.</summary>
public sealed class DownloadResumeTests : IDisposable
{
    private readonly DownloadTrial _trial = new();

    public void Dispose() => _trial.Dispose();

    [Fact]
    public async Task Run_RangeFromAnotherVersion_IsNotJoined()
    {
        // Ignores If-Range, and serves the rest of another version after the first break.
        using var server = new FileServer(request => request switch
        {
            { Number: 0 } => Cut(Whole(_trial.Content, "\"v1\""), 50_000),
            { Range.Length: > 0 } => Rest(_trial.Other, request.Range, "\"v2\""),
            _ => Whole(_trial.Other, "\"v2\""),
        });
        await _trial.RunAsync(server);
        Assert.Equal(_trial.Other, _trial.Saved());
    }

    [Fact]
    public async Task Run_RangeThatNamesNoVersion_IsNotJoined()
    {
        using var server = new FileServer(request => request switch
        {
            { Number: 0 } => Cut(Whole(_trial.Content, "\"v1\""), 50_000),
            { Range.Length: > 0 } => Rest(_trial.Other, request.Range, null),
            _ => Whole(_trial.Other, null),
        });
        await _trial.RunAsync(server);
        Assert.Equal(_trial.Other, _trial.Saved());
    }

    [Fact]
    public async Task Run_OtherVersionWithTheSameTagBehindARedirect_IsNotJoined()
    {
        // Two machines behind one name: the tags agree, the lengths do not.
        byte[] longer = [.. _trial.Other, 1, 2, 3];
        using var second = new FileServer(request =>
            request.Range.Length > 0 ? Rest(longer, request.Range, "\"v1\"") : Whole(longer, "\"v1\""));
        using var first = new FileServer(request =>
            request.Number == 0 ? Cut(Whole(_trial.Content, "\"v1\""), 50_000) : RedirectTo(second.Url("m.gguf")));
        await _trial.RunAsync(first);
        Assert.Equal(longer, _trial.Saved());
        Assert.Equal(["50000-", ""], second.Ranges);
    }

    [Fact]
    public async Task Run_ServerGivesShortRanges_JoinsThem()
    {
        using var server = new FileServer(request => request.Range.Length == 0
            ? Cut(Whole(_trial.Content, "\"v1\""), 50_000)
            : Rest(_trial.Content, request.Range, "\"v1\"", 40_000));
        await _trial.RunAsync(server);
        Assert.Equal(_trial.Content, _trial.Saved());
        Assert.Equal(["", "50000-", "90000-", "130000-"], server.Ranges);
    }

    [Fact]
    public async Task Run_DateInsteadOfATag_IsSentAndCompared()
    {
        string[] dates = ["Last-Modified: Mon, 02 Nov 2020 12:00:00 GMT", "Date: Mon, 02 Nov 2026 12:00:00 GMT"];
        using var server = new FileServer(request => request.Range.Length == 0
            ? Cut(Whole(_trial.Content, null, dates), 50_000)
            : Rest(_trial.Content, request.Range, null, int.MaxValue, dates));
        await _trial.RunAsync(server);
        Assert.Equal(_trial.Content, _trial.Saved());
        Assert.Equal("Mon, 02 Nov 2020 12:00:00 GMT", server.Requests.Last().Header("If-Range"));
    }

    [Fact]
    public async Task Run_416WithoutLength_AsksForTheWhole()
    {
        _trial.LeavePart(_trial.Other[..50_000], "\"v1\"");
        using var server = new FileServer(request =>
            request.Range.Length > 0 ? FileServer.Reply("416 No", ["Content-Length: 0"], []) : Whole(_trial.Content, "\"v2\""));
        await _trial.RunAsync(server);
        Assert.Equal(_trial.Content, _trial.Saved());
    }

    [Fact]
    public async Task Run_416Always_IsRefused()
    {
        _trial.LeavePart(_trial.Content[..50_000], "\"v1\"");
        using var server = new FileServer(_ => FileServer.Reply("416 No", ["Content-Range: bytes */7", "Content-Length: 0"], []));
        Assert.Contains("416", await _trial.FailAsync(server), StringComparison.Ordinal);
        Assert.Equal(["50000-", ""], server.Ranges);
    }

    [Fact]
    public async Task Run_LoginPageInsteadOfTheRest_KeepsWhatCame()
    {
        _trial.LeavePart(_trial.Content[..50_000], "\"v1\"");
        using var server = new FileServer(_ => FileServer.Reply("200 OK", ["Content-Length: 6"], "<html>"u8));
        Assert.Contains("not a GGUF file", await _trial.FailAsync(server), StringComparison.Ordinal);
        Assert.Equal(50_000, new FileInfo(_trial.Target + ".part").Length);
    }

    [Theory]
    [InlineData("\"v1\"", "50000-")]
    [InlineData("\"v1\"\n150000\n", "50000-")]
    [InlineData("\"v1\"\nmany\n", "50000-")]
    [InlineData("\"v1\"\n7\n", "")]
    [InlineData("v1", "")]
    [InlineData("\"v1\r\nX: y\"", "")]
    [InlineData("", "")]
    public async Task Run_KeptVersion_IsUsedWhereItIsValid(string kept, string range)
    {
        _trial.LeavePart(_trial.Content[..50_000], kept);
        using var server = new FileServer(_trial.Content);
        await _trial.RunAsync(server);
        Assert.Equal(_trial.Content, _trial.Saved());
        Assert.Equal(range, server.Ranges.First());
    }

    [Fact]
    public async Task Run_Cancelled_KeepsWhatCameAndTheNextCallGoesOn()
    {
        using var stop = new CancellationTokenSource();
        using (var server = new FileServer(async (_, stream) =>
        {
            await stream.WriteAsync(Cut(Whole(_trial.Content, "\"v1\""), 50_000));
            await Task.Delay(TimeSpan.FromMinutes(1), stop.Token);
        }))
        {
            using var downloader = new Downloader(DownloadTrial.Limits);
            var download = new Download(new Uri(server.Url("m.gguf")), _trial.Target);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => downloader.RunAsync(
                download, null, (done, _) => { if (done == 50_000) { stop.Cancel(); } }, stop.Token));
        }

        Assert.Equal(50_000, PartFile.LengthFor(_trial.Target));
        using var healthy = new FileServer(_trial.Content);
        await _trial.RunAsync(healthy);
        Assert.Equal("50000-", Assert.Single(healthy.Ranges));
        Assert.Equal(_trial.Content, _trial.Saved());
    }

    [Fact]
    public async Task Run_LinkInPlaceOfThePart_IsRefused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege on Windows");
        string precious = Path.Combine(_trial.Folder, "precious");
        File.WriteAllText(precious, "text");
        File.CreateSymbolicLink(_trial.Target + ".part", precious);
        using var server = new FileServer(_trial.Content);
        Assert.Contains("is a link", await _trial.FailAsync(server), StringComparison.Ordinal);
        Assert.Equal("text", File.ReadAllText(precious));
    }
}
