using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Downloads;

/// <summary>A folder that <c>edgert pull</c> saves to, and the content of a model to pull.</summary>
internal sealed class PullTrial : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public byte[] Content { get; } = ModelCopies.Stories;

    public string Folder => _folder.Path;

    public string File(string name) => _folder.File(name);

    public string Write(string name, string text) => _folder.Write(name, text);

    public void Dispose() => _folder.Dispose();

    public static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    public EdgertResult Pull(params string[] arguments) => Edgert.Run(["pull", .. arguments, "--output", _folder.Path]);

    public Process Start(string url) => Edgert.Start(new Dictionary<string, string?>(), "pull", url, "--output", _folder.Path);

    /// <summary>Waits until the part of m.gguf has so many bytes.</summary>
    public void WaitForPart(long length)
    {
        var part = new FileInfo(_folder.File("m.gguf.part"));
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                Thread.Sleep(20);
                part.Refresh();
                return part.Exists && part.Length >= length;
            },
            TimeSpan.FromMinutes(2)));
    }

    public void AssertNothingElse(params string[] files) =>
        Assert.Equal(files, Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));

    public static byte[] RandomBytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
