using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;
using static EdgeRuntime.Cli.Tests.Downloads.Answers;

namespace EdgeRuntime.Cli.Tests.Downloads;

/// <summary>Downloads from servers whose answers are nonsense, redirect, or choose names.</summary>
public sealed class DownloadAnswerTests : IDisposable
{
    private readonly DownloadTrial _trial = new();

    public void Dispose() => _trial.Dispose();

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
        string message = await _trial.FailAsync(server);
        Assert.DoesNotContain('\n', message);
        _trial.AssertNothingIsLeft();
    }

    [Theory]
    [InlineData("file:///etc/passwd", "redirects to file:///etc/passwd")]
    [InlineData("ftp://user:secret@127.0.0.1/m.gguf", "redirects to ftp://...")]
    [InlineData("http://user:secret@127.0.0.1/m.gguf", "without user name")]
    [InlineData("http://", "without a valid address")]
    public async Task Run_RedirectToSomewhereElse_IsRefused(string location, string expected)
    {
        using var server = new FileServer(_ => RedirectTo(location));
        string message = await _trial.FailAsync(server);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
        Assert.Single(server.Ranges);
        _trial.AssertNothingIsLeft();
    }

    [Fact]
    public async Task Run_RedirectLoop_IsBounded()
    {
        using var server = new FileServer(_ => RedirectTo("/some/folder/m.gguf?again"));
        Assert.Contains("more than 10 times", await _trial.FailAsync(server), StringComparison.Ordinal);
        Assert.Equal(DownloadTrial.Limits.Redirects + 1, server.Ranges.Count);
    }

    [Fact]
    public async Task Run_Credentials_GoToTheirOwnHostOnly()
    {
        using var other = new FileServer(request => RedirectTo(request.Target.Split('?')[1]));
        using var server = new FileServer(request => request.Target switch
        {
            "/some/folder/m.gguf" => RedirectTo("/near"),
            "/near" => RedirectTo($"{other.Url("x")}?http://{request.Header("Host")}/back"),
            _ => Whole(_trial.Content, null),
        });
        await _trial.RunAsync(server, url: server.Url("m.gguf").Replace("http://", "http://user:p%40ss@", StringComparison.Ordinal));
        string basic = "Basic " + Convert.ToBase64String("user:p@ss"u8);
        Assert.Equal([basic, basic, ""], server.Requests.Select(request => request.Header("Authorization")));
        Assert.Equal("", Assert.Single(other.Requests).Header("Authorization"));
    }

    [Fact]
    public async Task Run_NameOfTheServersChoice_IsIgnored()
    {
        using var server = new FileServer(_ => FileServer.Reply(
            "200 OK",
            ["Content-Disposition: attachment; filename=\"../../evil.gguf\"", $"Content-Length: {_trial.Content.Length}"],
            _trial.Content));
        await _trial.RunAsync(server);
        Assert.Equal(["m.gguf"], Directory.GetFiles(_trial.Folder).Select(Path.GetFileName));
    }
}
