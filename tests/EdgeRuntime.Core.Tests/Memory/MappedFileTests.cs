using System;
using System.Globalization;
using System.IO;
using System.Linq;
using EdgeRuntime.Core.Tests.Gguf;
using EdgeRuntime.Memory;
using Xunit;

namespace EdgeRuntime.Core.Tests.Memory;

public sealed class MappedFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReleasePages_AfterReading_GivesMemoryBackAndKeepsTheBytes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "page advice and /proc exist on Linux only");
        const int Bytes = 64 << 20;
        string path = _folder["mapped"];
        File.WriteAllBytes(path, TemporaryFolder.Bytes(0, Bytes));
        using var file = new MappedFile(path);
        Assert.Equal(TemporaryFolder.Bytes(0, Bytes), file.GetSpan(0, Bytes).ToArray());
        long before = MappedKilobytes(path);
        file.ReleasePages(0, Bytes);
        Assert.True(before - MappedKilobytes(path) > Bytes / 1024 * 9 / 10, $"{before} kB before, {MappedKilobytes(path)} kB after");
        Assert.Equal(TemporaryFolder.Bytes(0, Bytes)[^1], file.GetSpan(Bytes - 1, 1)[0]);
    }

    [Fact]
    public void Dispose_ThenReleaseOrRead_Throws()
    {
        string path = _folder["mapped"];
        File.WriteAllBytes(path, TemporaryFolder.Bytes(0, 8));
        var file = new MappedFile(path);
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.ReleasePages(0, 8));
        Assert.Throws<ObjectDisposedException>(() => file.Read(0, new byte[8]));
    }

    /// <summary>Resident kilobytes of the mapping of a file.</summary>
    private static long MappedKilobytes(string path)
    {
        string line = File.ReadLines("/proc/self/smaps")
            .SkipWhile(line => !line.EndsWith(path, StringComparison.Ordinal))
            .First(line => line.StartsWith("Rss:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
