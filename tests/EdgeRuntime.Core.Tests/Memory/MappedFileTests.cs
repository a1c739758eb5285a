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
    public void Populate_UntouchedFile_LeavesNoPageFaults()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Environment.OSVersion.Version >= new Version(5, 14), "pages come on request with Linux 5.14");
        const int Bytes = 64 << 20;
        string path = _folder["mapped"];
        File.WriteAllBytes(path, TemporaryFolder.Bytes(0, Bytes));
        using var file = new MappedFile(path);
        Assert.True(MappedKilobytes(path) < Bytes / 1024 / 10);
        file.Populate();
        Assert.Equal(Bytes / 1024, MappedKilobytes(path));
    }

    [Fact]
    public void Populate_EmptyFile_DoesNothing()
    {
        string path = _folder["empty"];
        File.WriteAllBytes(path, []);
        using var file = new MappedFile(path);
        file.Populate();
    }

    [Fact]
    public void Dispose_ThenPopulateOrRead_Throws()
    {
        string path = _folder["mapped"];
        File.WriteAllBytes(path, TemporaryFolder.Bytes(0, 8));
        var file = new MappedFile(path);
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(file.Populate);
        Assert.Throws<ObjectDisposedException>(() => file.Source.Read(0, new byte[8]));
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
