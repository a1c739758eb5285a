using System;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Downloads;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Downloads;

/// <summary>Downloads from servers that lie, change, drip and never end; with limits small enough for tests.</summary>
public sealed class DownloaderTests : IDisposable
{
    private const string Chunked = "Transfer-Encoding: chunked";

    private static readonly DownloadLimits Limits = new()
    {
        Window = TimeSpan.FromSeconds(20),
        MinimumProgress = 1000,
        RetryDelay = TimeSpan.FromMilliseconds(1),
        UnannouncedSize = 300_000,
    };

    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _content = Content(1);
    private readonly byte[] _other = Content(2);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_RangeFromAnotherVersion_IsNotJoined()
    {
        // Ignores If-Range, and serves the rest of another version after the first break.
        using var server = new FileServer(request => request switch
        {
            { Number: 0 } => Cut(Whole(_content, "\"v1\""), 50_000),
            { Range.Length: > 0 } => Rest(_other, request.Range, "\"v2\""),
            _ => Whole(_other, "\"v2\""),
        });
        await RunAsync(server);
        Assert.Equal(_other, Saved());
    }

    [Fact]
    public async Task Run_RangeThatNamesNoVersion_IsNotJoined()
    {
        using var server = new FileServer(request => request switch
        {
            { Number: 0 } => Cut(Whole(_content, "\"v1\""), 50_000),
            { Range.Length: > 0 } => Rest(_other, request.Range, null),
            _ => Whole(_other, null),
        });
        await RunAsync(server);
        Assert.Equal(_other, Saved());
    }

    [Fact]
    public async Task Run_OtherVersionWithTheSameTagBehindARedirect_IsNotJoined()
    {
        // Two machines behind one name: the tags agree, the lengths do not.
        byte[] longer = [.. _other, 1, 2, 3];
        using var second = new FileServer(request =>
            request.Range.Length > 0 ? Rest(longer, request.Range, "\"v1\"") : Whole(longer, "\"v1\""));
        using var first = new FileServer(request =>
            request.Number == 0 ? Cut(Whole(_content, "\"v1\""), 50_000) : RedirectTo(second.Url("m.gguf")));
        await RunAsync(first);
        Assert.Equal(longer, Saved());
        Assert.Equal(["50000-", ""], second.Ranges);
    }

    [Fact]
    public async Task Run_ServerGivesShortRanges_JoinsThem()
    {
        using var server = new FileServer(request => request.Range.Length == 0
            ? Cut(Whole(_content, "\"v1\""), 50_000)
            : Rest(_content, request.Range, "\"v1\"", 40_000));
        await RunAsync(server);
        Assert.Equal(_content, Saved());
        Assert.Equal(["", "50000-", "90000-", "130000-"], server.Ranges);
    }

    [Fact]
    public async Task Run_DateInsteadOfATag_IsSentAndCompared()
    {
        string[] dates = ["Last-Modified: Mon, 02 Nov 2020 12:00:00 GMT", "Date: Mon, 02 Nov 2026 12:00:00 GMT"];
        using var server = new FileServer(request => request.Range.Length == 0
            ? Cut(Whole(_content, null, dates), 50_000)
            : Rest(_content, request.Range, null, int.MaxValue, dates));
        await RunAsync(server);
        Assert.Equal(_content, Saved());
        Assert.Equal("Mon, 02 Nov 2020 12:00:00 GMT", server.Requests.Last().Header("If-Range"));
    }

    [Fact]
    public async Task Run_416WithoutLength_AsksForTheWhole()
    {
        LeavePart(_other[..50_000], "\"v1\"");
        using var server = new FileServer(request =>
            request.Range.Length > 0 ? FileServer.Reply("416 No", ["Content-Length: 0"], []) : Whole(_content, "\"v2\""));
        await RunAsync(server);
        Assert.Equal(_content, Saved());
    }

    [Fact]
    public async Task Run_416Always_IsRefused()
    {
        LeavePart(_content[..50_000], "\"v1\"");
        using var server = new FileServer(_ => FileServer.Reply("416 No", ["Content-Range: bytes */7", "Content-Length: 0"], []));
        Assert.Contains("416", await FailAsync(server), StringComparison.Ordinal);
        Assert.Equal(["50000-", ""], server.Ranges);
    }

    [Fact]
    public async Task Run_ChunkedBodyWithoutEnd_IsCutOffAtTheLimit()
    {
        using var server = new FileServer((_, stream) => RepeatAsync(stream, Chunked, Chunk(_content[..1000]), 0));
        Assert.Contains("more than 300000 bytes", await FailAsync(server), StringComparison.Ordinal);
        AssertNothingIsLeft();
    }

    [Fact]
    public async Task Run_ChunkedBodyLongerThanTheCatalogueSays_IsCutOff()
    {
        using var server = new FileServer((_, stream) => RepeatAsync(stream, Chunked, Chunk(_content[..1000]), 0));
        Assert.Contains("more than the 5000 bytes", await FailAsync(server, size: 5000), StringComparison.Ordinal);
        AssertNothingIsLeft();
    }

    [Fact]
    public async Task Run_BodyLongerThanItsRange_IsCutOff()
    {
        LeavePart(_content[..50_000], "\"v1\"");
        string[] headers = [$"Content-Range: bytes 50000-{_content.Length - 1}/{_content.Length}", "ETag: \"v1\"", Chunked];
        using var server = new FileServer(async (_, stream) =>
        {
            await stream.WriteAsync(FileServer.Reply("206 Partial Content", headers, []));
            for (int count = 0; count < 1000; count++)
            {
                await stream.WriteAsync(Chunk(_content[..1000]));
            }
        });
        Assert.Contains("more than the", await FailAsync(server), StringComparison.Ordinal);
        AssertNothingIsLeft();
    }

    [Fact]
    public async Task Run_ChunkedBody_IsSaved()
    {
        using var server = new FileServer(_ => FileServer.Reply("200 OK", [Chunked], [.. Chunk(_content), .. "0\r\n\r\n"u8]));
        await RunAsync(server);
        Assert.Equal(_content, Saved());
    }

    [Fact]
    public async Task Run_ChunkedBodyBreaks_IsNotTakenForWhole()
    {
        using var server = new FileServer(_ => FileServer.Reply("200 OK", [Chunked], Chunk(_content)));
        await FailAsync(server);
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public async Task Run_EndIsNotMarked_NeedsAChecksum()
    {
        using var server = new FileServer(_ => FileServer.Reply("200 OK", [], _content));
        Assert.Contains("--sha256", await FailAsync(server), StringComparison.Ordinal);
        AssertNothingIsLeft();
        await RunAsync(server, sha256: Convert.ToHexStringLower(SHA256.HashData(_content)));
        Assert.Equal(_content, Saved());
    }

    [Fact]
    public async Task Run_DrippingServer_IsGivenUp()
    {
        // A few bytes at a time, forever: every connection lives, none makes progress.
        DownloadLimits limits = Limits with { Window = TimeSpan.FromSeconds(1) };
        using var server = new FileServer((_, stream) => RepeatAsync(stream, "Content-Length: 100000000", "GGUF"u8.ToArray(), 20));
        Assert.Contains("within 1 s", await FailAsync(server, limits: limits), StringComparison.Ordinal);
        Assert.InRange(server.Ranges.Count, 1, limits.FruitlessAttempts);
    }

    [Fact]
    public async Task Run_ServerThatNeverAnswers_IsGivenUp()
    {
        DownloadLimits limits = Limits with { Window = TimeSpan.FromMilliseconds(200) };
        using var server = new FileServer((_, _) => Task.Delay(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
        Assert.Contains("no answer", await FailAsync(server, limits: limits), StringComparison.Ordinal);
        Assert.InRange(server.Ranges.Count, 0, limits.FruitlessAttempts);
    }

    [Fact]
    public async Task Run_FewBytesAConnection_IsGivenUp()
    {
        using var server = new FileServer(request => request.Range.Length == 0
            ? Cut(Whole(_content, "\"v1\""), 100)
            : Cut(Rest(_content, request.Range, "\"v1\""), 100));
        Assert.Contains("400 bytes are kept", await FailAsync(server), StringComparison.Ordinal);
        Assert.Equal(Limits.FruitlessAttempts, server.Ranges.Count);
    }

    [Fact]
    public async Task Run_NewVersionEachTime_IsGivenUp()
    {
        using var server = new FileServer(request => Cut(Whole(_content, $"\"v{request.Number}\""), 50_000));
        await FailAsync(server);
        Assert.InRange(server.Ranges.Count, 2, Limits.Restarts + 2);
    }

    [Theory]
    [InlineData("GARBAGE\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nGGUF")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nGGUF")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nXYZ\r\nGGUF")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n")]
    [InlineData("HTTP/1.1 304 Not Modified\r\n\r\n")]
    [InlineData("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nGGUF")]
    [InlineData("")]
    public async Task Run_NonsenseAnswer_IsOneLine(string answer)
    {
        using var server = new FileServer(_ => Encoding.Latin1.GetBytes(answer));
        string message = await FailAsync(server);
        Assert.DoesNotContain('\n', message);
        AssertNothingIsLeft();
    }

    [Fact]
    public async Task Run_LoginPageInsteadOfTheRest_KeepsWhatCame()
    {
        LeavePart(_content[..50_000], "\"v1\"");
        using var server = new FileServer(_ => FileServer.Reply("200 OK", ["Content-Length: 6"], "<html>"u8));
        Assert.Contains("not a GGUF file", await FailAsync(server), StringComparison.Ordinal);
        Assert.Equal(50_000, new FileInfo(Target + ".part").Length);
    }

    [Theory]
    [InlineData("file:///etc/passwd", "redirects to file:///etc/passwd")]
    [InlineData("ftp://user:secret@127.0.0.1/m.gguf", "redirects to ftp://...")]
    [InlineData("http://user:secret@127.0.0.1/m.gguf", "without user name")]
    [InlineData("http://", "without a valid address")]
    public async Task Run_RedirectToSomewhereElse_IsRefused(string location, string expected)
    {
        using var server = new FileServer(_ => RedirectTo(location));
        string message = await FailAsync(server);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
        Assert.Single(server.Ranges);
        AssertNothingIsLeft();
    }

    [Fact]
    public async Task Run_RedirectLoop_IsBounded()
    {
        using var server = new FileServer(_ => RedirectTo("/some/folder/m.gguf?again"));
        Assert.Contains("more than 10 times", await FailAsync(server), StringComparison.Ordinal);
        Assert.Equal(Limits.Redirects + 1, server.Ranges.Count);
    }

    [Fact]
    public async Task Run_Credentials_GoToTheirOwnHostOnly()
    {
        using var other = new FileServer(request => RedirectTo(request.Target.Split('?')[1]));
        using var server = new FileServer(request => request.Target switch
        {
            "/some/folder/m.gguf" => RedirectTo("/near"),
            "/near" => RedirectTo($"{other.Url("x")}?http://{request.Header("Host")}/back"),
            _ => Whole(_content, null),
        });
        await RunAsync(server, url: server.Url("m.gguf").Replace("http://", "http://user:p%40ss@", StringComparison.Ordinal));
        string basic = "Basic " + Convert.ToBase64String("user:p@ss"u8);
        Assert.Equal([basic, basic, ""], server.Requests.Select(request => request.Header("Authorization")));
        Assert.Equal("", Assert.Single(other.Requests).Header("Authorization"));
    }

    [Fact]
    public async Task Run_NameOfTheServersChoice_IsIgnored()
    {
        using var server = new FileServer(_ => FileServer.Reply(
            "200 OK", ["Content-Disposition: attachment; filename=\"../../evil.gguf\"", $"Content-Length: {_content.Length}"], _content));
        await RunAsync(server);
        Assert.Equal(["m.gguf"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
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
        LeavePart(_content[..50_000], kept);
        using var server = new FileServer(_content);
        await RunAsync(server);
        Assert.Equal(_content, Saved());
        Assert.Equal(range, server.Ranges.First());
    }

    [Fact]
    public async Task Run_Cancelled_KeepsWhatCameAndTheNextCallGoesOn()
    {
        using var stop = new CancellationTokenSource();
        using (var server = new FileServer(async (_, stream) =>
        {
            await stream.WriteAsync(Cut(Whole(_content, "\"v1\""), 50_000));
            await Task.Delay(TimeSpan.FromMinutes(1), stop.Token);
        }))
        {
            using var downloader = new Downloader(Limits);
            var download = new Download(new Uri(server.Url("m.gguf")), Target);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => downloader.RunAsync(
                download, (done, _) => { if (done == 50_000) { stop.Cancel(); } }, stop.Token));
        }

        Assert.Equal(50_000, PartFile.LengthFor(Target));
        using var healthy = new FileServer(_content);
        await RunAsync(healthy);
        Assert.Equal("50000-", Assert.Single(healthy.Ranges));
        Assert.Equal(_content, Saved());
    }

    [Fact]
    public async Task Run_LinkInPlaceOfThePart_IsRefused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege on Windows");
        string precious = _folder.Write("precious", "text");
        File.CreateSymbolicLink(Target + ".part", precious);
        using var server = new FileServer(_content);
        Assert.Contains("is a link", await FailAsync(server), StringComparison.Ordinal);
        Assert.Equal("text", File.ReadAllText(precious));
    }

    private string Target => _folder.File("m.gguf");

    private static byte[] Content(int seed)
    {
        byte[] bytes = new byte[150_000];
        new Random(seed).NextBytes(bytes);
        "GGUF"u8.CopyTo(bytes);
        return bytes;
    }

    private static byte[] Whole(byte[] content, string? tag, params string[] headers) =>
        FileServer.Reply("200 OK", [.. headers, .. Tag(tag), $"Content-Length: {content.Length}"], content);

    private static byte[] Rest(byte[] content, string range, string? tag, int count = int.MaxValue, params string[] headers)
    {
        int from = int.Parse(range.TrimEnd('-'), System.Globalization.CultureInfo.InvariantCulture);
        int end = (int)Math.Min(content.Length, (long)from + count);
        return FileServer.Reply(
            "206 Partial Content",
            [.. headers, .. Tag(tag), $"Content-Range: bytes {from}-{end - 1}/{content.Length}", $"Content-Length: {end - from}"],
            content.AsSpan(from..end));
    }

    private static string[] Tag(string? tag) => tag is null ? [] : ["ETag: " + tag];

    /// <summary>An answer whose connection breaks after so many bytes of its body.</summary>
    private static byte[] Cut(byte[] answer, int bytes) => answer[..(answer.AsSpan().IndexOf("\r\n\r\n"u8) + 4 + bytes)];

    private static byte[] Chunk(byte[] bytes) => [.. Encoding.ASCII.GetBytes($"{bytes.Length:X}\r\n"), .. bytes, .. "\r\n"u8];

    private static byte[] RedirectTo(string url) => FileServer.Reply("302 Found", ["Location: " + url, "Content-Length: 0"], []);

    /// <summary>Sends the same piece over and over, until the client goes away.</summary>
    private static async Task RepeatAsync(NetworkStream stream, string header, byte[] piece, int pauseMilliseconds)
    {
        await stream.WriteAsync(FileServer.Reply("200 OK", [header], []));
        while (true)
        {
            await stream.WriteAsync(piece);
            await Task.Delay(pauseMilliseconds);
        }
    }

    private byte[] Saved()
    {
        Assert.Equal([Target], Directory.GetFiles(_folder.Path));
        return File.ReadAllBytes(Target);
    }

    private void LeavePart(byte[] bytes, string version)
    {
        File.WriteAllBytes(Target + ".part", bytes);
        File.WriteAllText(Target + ".part.etag", version);
    }

    private void AssertNothingIsLeft() => Assert.Empty(Directory.GetFiles(_folder.Path));

    private async Task RunAsync(FileServer server, string? sha256 = null, string? url = null)
    {
        using var downloader = new Downloader(Limits);
        var download = new Download(new Uri(url ?? server.Url("m.gguf")), Target, null, sha256);
        Assert.True(await downloader.RunAsync(download, (_, _) => { }, TestContext.Current.CancellationToken));
    }

    private async Task<string> FailAsync(FileServer server, long? size = null, DownloadLimits? limits = null)
    {
        using var downloader = new Downloader(limits ?? Limits);
        var download = new Download(new Uri(server.Url("m.gguf")), Target, size);
        var exception = await Assert.ThrowsAsync<CommandException>(
            () => downloader.RunAsync(download, (_, _) => { }, TestContext.Current.CancellationToken));
        Assert.False(File.Exists(Target));
        return exception.Message;
    }
}
