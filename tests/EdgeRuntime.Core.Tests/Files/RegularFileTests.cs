using System;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeRuntime.Files;
using EdgeRuntime.Gguf;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Core.Tests.Files;

/// <summary>Only regular files are read, and none without a bound.</summary>
public sealed class RegularFileTests : IDisposable
{
    private const int Max = 10_000;

    private readonly string _folder = Directory.CreateTempSubdirectory("edgeruntime-files-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task ReadBytes_Pipe_IsRefusedAtOnce()
    {
        string pipe = Unix.MakePipe(At("pipe"));
        File.CreateSymbolicLink(At("link"), pipe);
        foreach (string path in (string[])[pipe, At("link")])
        {
            Task<FileException> refused = Task.Run(() => Assert.Throws<FileException>(() => RegularFile.ReadBytes(path, Max)));
            FileException exception = await refused.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            Assert.Equal($"{path}: is a pipe, expected a regular file", exception.Message);
        }
    }

    [Fact]
    public async Task Open_AModelThatIsAPipe_IsRefusedAtOnce()
    {
        string pipe = Unix.MakePipe(At("model.gguf"));
        Task<FileException> refused = Task.Run(() => Assert.Throws<FileException>(() => GgufFile.Open(pipe)));
        await refused.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void ReadBytes_DeviceSocketOrLinkToOne_IsRefused()
    {
        Unix.Require();
        File.CreateSymbolicLink(At("zero"), "/dev/zero");
        AssertRefused("is a folder", () => RegularFile.ReadBytes(_folder, Max));
        AssertRefused("is a device", () => RegularFile.ReadBytes("/dev/zero", Max));
        AssertRefused("is a device", () => RegularFile.ReadBytes(At("zero"), Max));
        AssertRefused("is a device", () => GgufFile.Open(At("zero")));
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(At("s")));
        AssertRefused("is a socket", () => RegularFile.ReadBytes(At("s"), Max));
    }

    [Fact]
    public void ReadBytes_Nothing_IsTheSystemsException()
    {
        Assert.Throws<FileNotFoundException>(() => RegularFile.ReadBytes(At("absent"), Max));
        Assert.Throws<DirectoryNotFoundException>(() => RegularFile.ReadBytes(At("absent/file"), Max));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(Max)]
    public void ReadBytes_UpToTheBound_GivesTheFile(int length)
    {
        byte[] content = [.. Enumerable.Range(0, length).Select(i => (byte)i)];
        File.WriteAllBytes(At("file"), content);
        Assert.Equal(content, RegularFile.ReadBytes(At("file"), Max));
    }

    [Fact]
    public void ReadBytes_BeyondTheBound_IsRefused()
    {
        File.WriteAllBytes(At("file"), new byte[Max + 1]);
        Assert.Equal(
            $"{At("file")}: has more than 10000 bytes, expected a smaller file",
            Assert.Throws<FileException>(() => RegularFile.ReadBytes(At("file"), Max)).Message);
        using (FileStream sparse = File.Create(At("sparse")))
        {
            sparse.SetLength(1L << 40);
        }

        Assert.Throws<FileException>(() => RegularFile.ReadBytes(At("sparse"), int.MaxValue - 100));
    }

    [Fact]
    public void ReadBytes_FileThatDoesNotKnowItsLength_IsReadWithinTheBound()
    {
        Assert.SkipUnless(File.Exists("/proc/self/maps"), "this system has no /proc");
        Assert.Contains("[stack]", RegularFile.ReadText("/proc/self/maps", 64 << 20), StringComparison.Ordinal);
        Assert.Throws<FileException>(() => RegularFile.ReadText("/proc/self/maps", 5000));
    }

    [Fact]
    public void ReadText_WithByteOrderMark_IsTakenAsEditorsDo()
    {
        File.WriteAllBytes(At("utf8"), [.. Encoding.UTF8.Preamble, .. "é"u8]);
        File.WriteAllText(At("utf16"), "é", Encoding.Unicode);
        Assert.Equal(["é", "é"], ((string[])["utf8", "utf16"]).Select(name => RegularFile.ReadText(At(name), Max)));
    }

    [Theory]
    [InlineData("61E962", "byte 2: found 0xE9, expected UTF-8; convert the file to UTF-8")]
    [InlineData("C3A9C3", "byte 3: found 0xC3, expected UTF-8; convert the file to UTF-8")]
    [InlineData("EFBBBF61FF", "byte 5: found 0xFF, expected UTF-8; convert the file to UTF-8")]
    [InlineData("4F006E00", "byte 2: found 0x00, expected text; name a text file in UTF-8")]
    public void ReadText_BytesThatAreNoText_NamesTheFirst(string bytes, string problem)
    {
        File.WriteAllBytes(At("bytes"), Convert.FromHexString(bytes));
        Assert.Equal(problem, Assert.Throws<FileException>(() => RegularFile.ReadText(At("bytes"), Max)).Problem);
    }

    [Theory]
    [InlineData("{\"a\": 1, \"a\": 2}")]
    [InlineData("[{\"b\": {\"a\": 1, \"\\u0061\": 2}}]")]
    [InlineData("{\"a\": 1")]
    [InlineData("")]
    public void ReadJson_DoubledKeysOrNoJson_IsRefused(string text)
    {
        File.WriteAllText(At("file"), text);
        Assert.ThrowsAny<JsonException>(() => RegularFile.ReadJson(At("file"), Max));
    }

    [Fact]
    public void ReadJson_WithAMark_IsRead()
    {
        File.WriteAllText(At("file"), "[1]", Encoding.UTF8);
        using JsonDocument document = RegularFile.ReadJson(At("file"), Max);
        Assert.Equal(1, document.RootElement.GetArrayLength());
    }

    private static void AssertRefused(string problem, Func<object> read) =>
        Assert.Contains(problem, Assert.Throws<FileException>(read).Message, StringComparison.Ordinal);

    private string At(string name) => Path.Combine(_folder, name);
}
