using System;
using System.IO;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Downloads;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Downloads;

/// <summary>A folder to download m.gguf to, with two contents that it may have, and limits small enough for tests.</summary>
internal sealed class DownloadTrial : IDisposable
{
    public static DownloadLimits Limits { get; } = new()
    {
        Window = TimeSpan.FromSeconds(20),
        MinimumProgress = 1000,
        RetryDelay = TimeSpan.FromMilliseconds(1),
        UnannouncedSize = 300_000,
    };

    private readonly TemporaryFolder _folder = new();

    public byte[] Content { get; } = CreateContent(1);

    public byte[] Other { get; } = CreateContent(2);

    public string Folder => _folder.Path;

    public string Target => _folder.File("m.gguf");

    public void Dispose() => _folder.Dispose();

    public byte[] Saved()
    {
        Assert.Equal([Target], Directory.GetFiles(_folder.Path));
        return File.ReadAllBytes(Target);
    }

    public void LeavePart(byte[] bytes, string version)
    {
        File.WriteAllBytes(Target + ".part", bytes);
        File.WriteAllText(Target + ".part.etag", version);
    }

    public void AssertNothingIsLeft() => Assert.Empty(Directory.GetFiles(_folder.Path));

    public async Task RunAsync(FileServer server, string? sha256 = null, string? url = null)
    {
        using var downloader = new Downloader(Limits);
        var download = new Download(new Uri(url ?? server.Url("m.gguf")), Target, null, sha256);
        Assert.True(await downloader.RunAsync(download, null, (_, _) => { }, TestContext.Current.CancellationToken));
    }

    public async Task<string> FailAsync(FileServer server, long? size = null, DownloadLimits? limits = null)
    {
        using var downloader = new Downloader(limits ?? Limits);
        var download = new Download(new Uri(server.Url("m.gguf")), Target, size);
        var exception = await Assert.ThrowsAsync<CommandException>(
            () => downloader.RunAsync(download, null, (_, _) => { }, TestContext.Current.CancellationToken));
        Assert.False(File.Exists(Target));
        return exception.Message;
    }

    private static byte[] CreateContent(int seed)
    {
        byte[] bytes = new byte[150_000];
        new Random(seed).NextBytes(bytes);
        "GGUF"u8.CopyTo(bytes);
        return bytes;
    }
}
