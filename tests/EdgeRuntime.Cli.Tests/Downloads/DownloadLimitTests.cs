using System;
using System.IO;
using System.Security.Cryptography;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Downloads;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;
using static EdgeRuntime.Cli.Tests.Downloads.Answers;

namespace EdgeRuntime.Cli.Tests.Downloads;

/// <summary>Downloads from servers that send too much, too slowly or without end.</summary>
public sealed class DownloadLimitTests : IDisposable
{
    private readonly DownloadTrial _trial = new();

    public void Dispose() => _trial.Dispose();

    [Fact]
    public async Task Run_ChunkedBodyWithoutEnd_IsCutOffAtTheLimit()
    {
        using var server = new FileServer((_, stream) => RepeatAsync(stream, Chunked, Chunk(_trial.Content[..1000]), 0));
        Assert.Contains("more than 300000 bytes", await _trial.FailAsync(server), StringComparison.Ordinal);
        _trial.AssertNothingIsLeft();
    }

    [Fact]
    public async Task Run_ChunkedBodyLongerThanTheCatalogueSays_IsCutOff()
    {
        using var server = new FileServer((_, stream) => RepeatAsync(stream, Chunked, Chunk(_trial.Content[..1000]), 0));
        Assert.Contains("more than the 5000 bytes", await _trial.FailAsync(server, size: 5000), StringComparison.Ordinal);
        _trial.AssertNothingIsLeft();
    }

    [Fact]
    public async Task Run_BodyLongerThanItsRange_IsCutOff()
    {
        _trial.LeavePart(_trial.Content[..50_000], "\"v1\"");
        string[] headers = [$"Content-Range: bytes 50000-{_trial.Content.Length - 1}/{_trial.Content.Length}", "ETag: \"v1\"", Chunked];
        using var server = new FileServer(async (_, stream) =>
        {
            await stream.WriteAsync(FileServer.Reply("206 Partial Content", headers, []));
            for (int count = 0; count < 1000; count++)
            {
                await stream.WriteAsync(Chunk(_trial.Content[..1000]));
            }
        });
        Assert.Contains("more than the", await _trial.FailAsync(server), StringComparison.Ordinal);
        _trial.AssertNothingIsLeft();
    }

    [Fact]
    public async Task Run_ChunkedBody_IsSaved()
    {
        using var server = new FileServer(_ => FileServer.Reply("200 OK", [Chunked], [.. Chunk(_trial.Content), .. "0\r\n\r\n"u8]));
        await _trial.RunAsync(server);
        Assert.Equal(_trial.Content, _trial.Saved());
    }

    [Fact]
    public async Task Run_ChunkedBodyBreaks_IsNotTakenForWhole()
    {
        using var server = new FileServer(_ => FileServer.Reply("200 OK", [Chunked], Chunk(_trial.Content)));
        await _trial.FailAsync(server);
        Assert.False(File.Exists(_trial.Target));
    }

    [Fact]
    public async Task Run_EndIsNotMarked_NeedsAChecksum()
    {
        using var server = new FileServer(_ => FileServer.Reply("200 OK", [], _trial.Content));
        Assert.Contains("--sha256", await _trial.FailAsync(server), StringComparison.Ordinal);
        _trial.AssertNothingIsLeft();
        await _trial.RunAsync(server, sha256: Convert.ToHexStringLower(SHA256.HashData(_trial.Content)));
        Assert.Equal(_trial.Content, _trial.Saved());
    }

    [Fact]
    public async Task Run_DrippingServer_IsGivenUp()
    {
        // A few bytes at a time, forever: every connection lives, none makes progress.
        DownloadLimits limits = DownloadTrial.Limits with { Window = TimeSpan.FromSeconds(1) };
        using var server = new FileServer((_, stream) => RepeatAsync(stream, "Content-Length: 100000000", "GGUF"u8.ToArray(), 20));
        Assert.Contains("within 1 s", await _trial.FailAsync(server, limits: limits), StringComparison.Ordinal);
        Assert.InRange(server.Ranges.Count, 1, limits.FruitlessAttempts);
    }

    [Fact]
    public async Task Run_ServerThatNeverAnswers_IsGivenUp()
    {
        DownloadLimits limits = DownloadTrial.Limits with { Window = TimeSpan.FromMilliseconds(200) };
        using var server = new FileServer((_, _) => Task.Delay(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
        Assert.Contains("no answer", await _trial.FailAsync(server, limits: limits), StringComparison.Ordinal);
        Assert.InRange(server.Ranges.Count, 0, limits.FruitlessAttempts);
    }

    [Fact]
    public async Task Run_FewBytesAConnection_IsGivenUp()
    {
        using var server = new FileServer(request => request.Range.Length == 0
            ? Cut(Whole(_trial.Content, "\"v1\""), 100)
            : Cut(Rest(_trial.Content, request.Range, "\"v1\""), 100));
        Assert.Contains("400 bytes are kept", await _trial.FailAsync(server), StringComparison.Ordinal);
        Assert.Equal(DownloadTrial.Limits.FruitlessAttempts, server.Ranges.Count);
    }

    [Fact]
    public async Task Run_NewVersionEachTime_IsGivenUp()
    {
        using var server = new FileServer(request => Cut(Whole(_trial.Content, $"\"v{request.Number}\""), 50_000));
        await _trial.FailAsync(server);
        Assert.InRange(server.Ranges.Count, 2, DownloadTrial.Limits.Restarts + 2);
    }
}
