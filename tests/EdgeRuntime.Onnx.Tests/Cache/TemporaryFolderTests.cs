using System;
using System.IO;
using EdgeRuntime.Onnx.Cache;
using Xunit;

namespace EdgeRuntime.Onnx.Tests.Cache;

/// <summary>Folders of converted models that exist for a while only.</summary>
public sealed class TemporaryFolderTests : IDisposable
{
    private readonly DirectoryInfo _parent = Directory.CreateTempSubdirectory("edgert-tests-");

    [Fact]
    public void Beside_LeftoversOfKilledProcesses_DeletesThem()
    {
        string leftover = CreateLeftover();
        string unlocked = CreateLeftover();
        File.Delete(Path.Combine(unlocked, "writing"));
        Directory.SetLastWriteTimeUtc(unlocked, DateTime.UtcNow.AddHours(-1));
        using TemporaryFolder living = TemporaryFolder.Beside(Path.Combine(_parent.FullName, "model"));
        string folder = Path.GetDirectoryName(living.Content)!;
        Directory.SetLastWriteTimeUtc(folder, DateTime.UtcNow.AddHours(-1));
        using (TemporaryFolder.Beside(Path.Combine(_parent.FullName, "model")))
        {
            Assert.False(Directory.Exists(leftover));
            Assert.False(Directory.Exists(unlocked));
            Assert.True(Directory.Exists(folder));
        }

        Assert.Equal([folder], Directory.GetDirectories(_parent.FullName));
    }

    [Fact]
    public void Beside_LeftoverWhoseLockIsALink_LeavesTheFileAlone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "symbolic links need a privilege on Windows");
        string precious = Path.Combine(_parent.FullName, "precious");
        File.WriteAllText(precious, "content");
        string leftover = CreateLeftover();
        File.Delete(Path.Combine(leftover, "writing"));
        File.CreateSymbolicLink(Path.Combine(leftover, "writing"), precious);
        Directory.SetLastWriteTimeUtc(leftover, DateTime.UtcNow.AddHours(-1));
        TemporaryFolder.Beside(Path.Combine(_parent.FullName, "model")).Dispose();
        Assert.Equal("content", File.ReadAllText(precious));
    }

    public void Dispose() => _parent.Delete(recursive: true);

    private string CreateLeftover()
    {
        string folder = Path.Combine(_parent.FullName, $"model.{Guid.NewGuid():n}.edgert-tmp");
        Directory.CreateDirectory(Path.Combine(folder, "content"));
        File.WriteAllText(Path.Combine(folder, "writing"), "");
        Directory.SetLastWriteTimeUtc(folder, DateTime.UtcNow.AddHours(-1));
        return folder;
    }
}
