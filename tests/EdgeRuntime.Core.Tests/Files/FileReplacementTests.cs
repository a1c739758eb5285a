using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using EdgeRuntime.Files;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Core.Tests.Files;

/// <summary>A file has its old content until it has the whole new one, and nothing lies beside it afterwards.</summary>
public sealed class FileReplacementTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edgeruntime-files-").FullName;

    private string[] Names =>
        [.. Directory.GetFileSystemEntries(_folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Commit_OverAnOldFile_ReplacesItAndLeavesNothingBeside()
    {
        string path = Write("a.json", "old");
        using (var file = FileReplacement.OfUser(path))
        {
            file.Write("new"u8);
            Assert.Equal("old", File.ReadAllText(path));
            file.Commit();
            Assert.Equal("new", File.ReadAllText(path));
        }

        Assert.Equal(["a.json"], Names);
    }

    [Fact]
    public void Dispose_WithoutCommit_LeavesTheOldFileAlone()
    {
        string path = Write("a.json", "old");
        using (var file = FileReplacement.OfUser(path))
        {
            file.Write("new"u8);
        }

        using (var file = FileReplacement.OfUser(At("b.json")))
        {
            file.Write("new"u8);
        }

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal(["a.json"], Names);
    }

    [Fact]
    public void Commit_OverAFileOfSomePermissions_KeepsThem()
    {
        Unix.Require();
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        string path = Write("a.json", "old");
        foreach (int bits in (int[])[0b110_000_000, 0b110_110_110, 0b111_101_000])
        {
            var mode = (UnixFileMode)bits;
            File.SetUnixFileMode(path, mode);
            Replace(path, "new");
            Assert.Equal(mode, File.GetUnixFileMode(path));
        }
    }

    [Fact]
    public void OfUser_ALink_ReplacesTheFileBehindIt()
    {
        Unix.Require();
        Directory.CreateDirectory(At("real/deep"));
        Write("real/a.json", "old");
        Directory.CreateSymbolicLink(At("folder"), At("real/deep"));
        File.CreateSymbolicLink(At("real/deep/link"), "../a.json"); // "..", seen from the real folder
        File.CreateSymbolicLink(At("real/deep/new"), "../b.json");
        Replace(At("folder/link"), "new");
        Assert.Equal("../a.json", new FileInfo(At("real/deep/link")).LinkTarget);
        Assert.Equal("new", File.ReadAllText(At("real/a.json")));
        Assert.False(File.Exists(At("a.json")));
    }

    [Fact]
    public void OfUser_ALinkThatLeadsNowhereYet_MakesTheFileBehindIt()
    {
        Unix.Require();
        File.CreateSymbolicLink(At("link"), "a.json");
        Replace(At("link"), "new");
        Assert.Equal("a.json", new FileInfo(At("link")).LinkTarget);
        Assert.Equal("new", File.ReadAllText(At("a.json")));
    }

    [Fact]
    public void OfUser_LinksInACircle_AreRefused()
    {
        Unix.Require();
        File.CreateSymbolicLink(At("a"), "b");
        File.CreateSymbolicLink(At("b"), "a");
        var refused = Assert.Throws<FileException>(() => FileReplacement.OfUser(At("a")));
        Assert.StartsWith(At("a") + ": ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OfProgram_ALink_ReplacesTheLinkItself()
    {
        Unix.Require();
        string victim = Write("victim", "old");
        File.CreateSymbolicLink(At("link"), victim);
        using (var file = FileReplacement.OfProgram(At("link"), expectedBytes: 3))
        {
            file.Write("new"u8);
            file.Commit();
        }

        Assert.Equal(("old", "new", null), (File.ReadAllText(victim), File.ReadAllText(At("link")), new FileInfo(At("link")).LinkTarget));
    }

    [Fact]
    public async Task OfUser_APipe_WritesToItsReader()
    {
        string pipe = Unix.MakePipe(At("pipe"));
        Task<string> reader = Task.Run(() => File.ReadAllText(pipe));
        Replace(pipe, "through the pipe");
        Assert.Equal("through the pipe", await reader.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
        Assert.Equal(["pipe"], Names);
    }

    [Fact]
    public void OfUser_ADevice_WritesToIt()
    {
        Unix.Require();
        Replace("/dev/null", "gone");
        Assert.SkipUnless(File.Exists("/dev/full"), "this system has no /dev/full");
        Assert.Equal("/dev/full: the disk is full", Assert.Throws<FileException>(() => Replace("/dev/full", "x")).Message);
    }

    [Fact]
    public void OfUser_AnOpenStream_IsWrittenBehindWhatItHolds()
    {
        Unix.Require();
        string path = Write("a.txt", "old");
        using FileStream stream = File.OpenRead(path);
        string name = $"/proc/self/fd/{stream.SafeFileHandle.DangerousGetHandle()}";
        Assert.SkipUnless(File.Exists(name), "this system has no /proc/self/fd");
        Replace(name, " new");
        Assert.Equal("old new", new StreamReader(stream).ReadToEnd());
    }

    [Fact]
    public void OfUser_AReadOnlyFile_IsRefused()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "this user may write every file");
        string path = Write("a.json", "old");
        new FileInfo(path).IsReadOnly = true;
        Assert.Equal($"{path}: no permission", Assert.Throws<FileException>(() => FileReplacement.OfUser(path)).Message);
        new FileInfo(path).IsReadOnly = false;
    }

    [Fact]
    public void OfUser_FolderOrAbsentFolder_SaysSo()
    {
        Assert.Equal(
            $"{_folder}: is a folder, expected a file", Assert.Throws<FileException>(() => FileReplacement.OfUser(_folder)).Message);
        string path = At("absent/a.json");
        Assert.Equal($"{path}: no such folder as {At("absent")}", Assert.Throws<FileException>(() => FileReplacement.OfUser(path)).Message);
    }

    [Fact]
    public void OfUser_MustBeNew_RefusesAnOldFileEvenOneThatCameMeanwhile()
    {
        string path = Write("a.gguf", "old");
        Assert.Equal(
            $"{path}: exists already; name another file, or allow to replace it",
            Assert.Throws<FileException>(() => FileReplacement.OfUser(path, mustBeNew: true)).Message);
        File.Delete(path);
        using (var file = FileReplacement.OfUser(path, mustBeNew: true))
        {
            file.Write("new"u8);
            Write("a.gguf", "came meanwhile");
            Assert.Throws<FileException>(file.Commit);
        }

        Assert.Equal("came meanwhile", File.ReadAllText(path));
        Assert.Equal(["a.gguf"], Names);
    }

    [Theory]
    [InlineData("a", 255)]
    [InlineData("ü", 127)]
    [InlineData("語", 85)]
    [InlineData("🙂", 63)]
    public void OfUser_TheLongestNames_CanBeWritten(string letter, int count)
    {
        string path = At(string.Concat(Enumerable.Repeat(letter, count)));
        Replace(path, "new");
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Single(Names);
    }

    [Fact]
    public void OfUser_AfterAKill_TakesAwayWhatItLeftAndNothingElse()
    {
        string[] others =
        [
            Write("a.json.0123456789abcdef.edgert-tmp.bak", "x"), Write("a.json.0123456789abcdeg.edgert-tmp", "x"),
            Write("a.json.tmp", "x"),
            Write("b.json.0123456789abcdef.edgert-tmp", "x"), Write("a.json.0000000000000000.edgert-tmp", ""),
        ];
        Write("a.json.0123456789abcdef.edgert-tmp", "half of a");
        Replace(At("a.json"), "new");
        Assert.Equal([.. others.Append(At("a.json")).Select(name => Path.GetFileName(name)).Order(StringComparer.Ordinal)], Names);
    }

    [Fact]
    public void OfUser_WhileAnotherWrites_LeavesItsContentAlone()
    {
        using var first = FileReplacement.OfUser(At("a.json"));
        first.Write("first"u8);
        Replace(At("a.json"), "second");
        first.Commit();
        Assert.Equal("first", File.ReadAllText(At("a.json")));
    }

    [Fact]
    public void Write_OnAFullDisk_KeepsTheOldFile()
    {
        using var disk = new SmallDisk(kilobytes: 64);
        File.WriteAllText(disk.File("a.json"), "old");
        using (var file = FileReplacement.OfUser(disk.File("a.json")))
        {
            string message = Assert.Throws<FileException>(() => file.Write(new byte[100_000])).Message;
            Assert.Equal($"{disk.File("a.json")}: the disk is full", message);
        }

        Assert.Equal("old", File.ReadAllText(Assert.Single(Directory.GetFiles(disk.Path))));
        string big = disk.File("big.packed");
        string noRoom = Assert.Throws<FileException>(() => FileReplacement.OfProgram(big, expectedBytes: 100_000)).Message;
        Assert.StartsWith($"{big}: no room for 100000 bytes", noRoom, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(disk.Path));
    }

    [Fact]
    public void Publish_AFinishedFile_GivesItItsName()
    {
        FileReplacement.Publish(Write("a.part", "whole"), At("a.gguf"));
        Assert.Equal(["a.gguf"], Names);
    }

    private static void Replace(string path, string text)
    {
        using var file = FileReplacement.OfUser(path);
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Commit();
    }

    private string At(string name) => Path.Combine(_folder, name);

    private string Write(string name, string text)
    {
        File.WriteAllText(At(name), text);
        return At(name);
    }
}
