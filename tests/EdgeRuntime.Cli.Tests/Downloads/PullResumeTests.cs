using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Downloads;

/// <summary><c>edgert pull</c> after broken connections, signals and other downloads of the same file.</summary>
public sealed class PullResumeTests : IDisposable
{
    private readonly PullTrial _trial = new();

    public void Dispose() => _trial.Dispose();

    [Fact]
    public void Pull_ConnectionBreaksHalfWay_GoesOnWhereItStopped()
    {
        using var server = new FileServer(_trial.Content, new ServerBehaviour { CutAfter = new Queue<int>([300_000, 200_000]) });
        _trial.Pull(server.Url("m.gguf"), "--sha256", PullTrial.Sha256(_trial.Content)).Expect(0);
        Assert.Equal(_trial.Content, File.ReadAllBytes(_trial.File("m.gguf")));
        Assert.Equal("", server.Ranges.First());
        Assert.Equal(3, server.Ranges.Count);
        Assert.All(server.Ranges.Skip(1), range => Assert.NotEqual("", range));
        _trial.AssertNothingElse("m.gguf");
    }

    [Fact]
    public void Pull_ConnectionIsReset_GoesOnWhereItStopped()
    {
        using var server = new FileServer(_trial.Content, new ServerBehaviour { CutAfter = new Queue<int>([300_000]), Resets = true });
        _trial.Pull(server.Url("m.gguf"), "--sha256", PullTrial.Sha256(_trial.Content)).Expect(0);
        Assert.Equal(_trial.Content, File.ReadAllBytes(_trial.File("m.gguf")));
        Assert.Equal(2, server.Ranges.Count);
    }

    [Fact]
    public void Pull_ConnectionAlwaysBreaks_SaysSoAndTheNextCallGoesOn()
    {
        using (var server = new FileServer(_trial.Content, new ServerBehaviour { CutAfter = new Queue<int>([300_000, 0, 0, 0, 0, 0]) }))
        {
            string error = _trial.Pull(server.Url("m.gguf")).ExpectLastErrorLine(1);
            Assert.Contains("300000 bytes are kept", error, StringComparison.Ordinal);
            Assert.False(File.Exists(_trial.File("m.gguf")));
        }

        using var healthy = new FileServer(_trial.Content);
        _trial.Pull(healthy.Url("m.gguf")).Expect(0);
        Assert.Equal("300000-", Assert.Single(healthy.Ranges));
        Assert.Equal(_trial.Content, File.ReadAllBytes(_trial.File("m.gguf")));
    }

    [Fact]
    public void Pull_ServerIgnoresRanges_StartsAnew()
    {
        using var server = new FileServer(_trial.Content, new ServerBehaviour { Ranges = false, CutAfter = new Queue<int>([300_000]) });
        _trial.Pull(server.Url("m.gguf")).Expect(0);
        Assert.Equal(_trial.Content, File.ReadAllBytes(_trial.File("m.gguf")));
    }

    [Fact]
    public void Pull_FileChangesBetweenTwoCalls_IsNotPutTogetherFromBoth()
    {
        using (var server = new FileServer(_trial.Content, new ServerBehaviour { CutAfter = new Queue<int>([300_000, 0, 0, 0, 0, 0]) }))
        {
            _trial.Pull(server.Url("m.gguf")).Expect(1);
        }

        byte[] other = ModelCopies.Named("other");
        using var changed = new FileServer(other, new ServerBehaviour { ETag = "\"v2\"" });
        _trial.Pull(changed.Url("m.gguf")).Expect(0);
        Assert.Equal(other, File.ReadAllBytes(_trial.File("m.gguf")));
    }

    [Fact]
    public void Pull_ServerNamesNoVersion_DoesNotTrustAnOldPart()
    {
        File.WriteAllBytes(_trial.File("m.gguf.part"), PullTrial.RandomBytes(300_000));
        using var server = new FileServer(_trial.Content, new ServerBehaviour { ETag = null });
        _trial.Pull(server.Url("m.gguf")).Expect(0);
        Assert.Equal(_trial.Content, File.ReadAllBytes(_trial.File("m.gguf")));
    }

    [Fact]
    public void Pull_PartIsTheWholeFile_OnlyChecksIt()
    {
        File.WriteAllBytes(_trial.File("m.gguf.part"), _trial.Content);
        using var server = new FileServer(_trial.Content);
        _trial.Pull(server.Url("m.gguf"), "--sha256", PullTrial.Sha256(_trial.Content)).Expect(0);
        Assert.Equal(_trial.Content, File.ReadAllBytes(_trial.File("m.gguf")));
    }

    [Fact]
    public void Pull_UnaskedPart_IsRefused()
    {
        string[] headers = [$"Content-Range: bytes 0-99/{_trial.Content.Length}", "Content-Length: 100"];
        using var server = new FileServer(_ => FileServer.Reply("206 Partial Content", headers, _trial.Content.AsSpan(0, 100)));
        Assert.Contains("206", _trial.Pull(server.Url("m.gguf")).ExpectErrorLine(1), StringComparison.Ordinal);
        _trial.AssertNothingElse();
    }

    [Fact]
    public void Pull_416ToTheFirstRequest_IsOneLine()
    {
        using var server = new FileServer(_ => FileServer.Reply("416 No", ["Content-Range: bytes */5", "Content-Length: 0"], []));
        Assert.Contains("416", _trial.Pull(server.Url("m.gguf")).ExpectErrorLine(1), StringComparison.Ordinal);
        _trial.AssertNothingElse();
    }

    [Fact]
    public void Pull_TwiceAtOnce_TheSecondSaysSo()
    {
        using var release = new ManualResetEventSlim();
        byte[] answer = FileServer.Reply("200 OK", [$"Content-Length: {_trial.Content.Length}"], _trial.Content);
        using var server = new FileServer(async (_, stream) =>
        {
            await stream.WriteAsync(answer.AsMemory(0, 500_000));
            await Task.Run(release.Wait);
            await stream.WriteAsync(answer.AsMemory(500_000));
        });
        using Process first = _trial.Start(server.Url("m.gguf"));
        _trial.WaitForPart(300_000);
        Assert.Contains("another download", _trial.Pull(server.Url("m.gguf")).ExpectErrorLine(1), StringComparison.Ordinal);
        release.Set();
        first.WaitForExit();
        Assert.Equal(0, first.ExitCode);
        Assert.Equal(_trial.Content, File.ReadAllBytes(_trial.File("m.gguf")));
        _trial.AssertNothingElse("m.gguf");
    }

    [Fact]
    public void Pull_CtrlC_KeepsWhatCame()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a signal for one process is not to be had on Windows");
        using (var server = new FileServer(async (_, stream) =>
        {
            string[] headers = [$"Content-Length: {_trial.Content.Length}", "ETag: \"v1\""];
            await stream.WriteAsync(FileServer.Reply("200 OK", headers, _trial.Content.AsSpan(0, 300_000)));
            await Task.Delay(TimeSpan.FromMinutes(3));
        }))
        {
            using Process process = _trial.Start(server.Url("m.gguf"));
            _trial.WaitForPart(300_000);
            Process.Start("kill", ["-INT", $"{process.Id}"]).WaitForExit();
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.Equal(130, process.ExitCode);
            Assert.Contains("300000 bytes of", error.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
        }

        using var healthy = new FileServer(_trial.Content);
        _trial.Pull(healthy.Url("m.gguf")).Expect(0);
        Assert.Equal("300000-", Assert.Single(healthy.Ranges));
        Assert.Equal(_trial.Content, File.ReadAllBytes(_trial.File("m.gguf")));
    }
}
