using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Downloads;

/// <summary><c>edgert pull</c> against a server on this machine that behaves badly.</summary>
public sealed class PullTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _content = [.. Encoding.ASCII.GetBytes("GGUF"), .. RandomBytes(1_000_000)];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Pull_Url_SavesTheFileWhole()
    {
        using var server = new FileServer(_content);
        EdgertResult result = Pull(server.Url("a%20model.gguf")).Expect(0);
        Assert.Equal(_content, File.ReadAllBytes(_folder.File("a model.gguf")));
        Assert.Empty(result.Output);
        Assert.DoesNotContain('\e', result.Error);
        AssertNothingElse("a model.gguf");
    }

    [Fact]
    public void Pull_ConnectionBreaksHalfWay_GoesOnWhereItStopped()
    {
        using var server = new FileServer(_content, new ServerBehaviour { CutAfter = new Queue<int>([300_000, 200_000]) });
        Pull(server.Url("m.gguf"), "--sha256", Sha256(_content)).Expect(0);
        Assert.Equal(_content, File.ReadAllBytes(_folder.File("m.gguf")));
        Assert.Equal("", server.Ranges.First());
        Assert.Equal(3, server.Ranges.Count);
        Assert.All(server.Ranges.Skip(1), range => Assert.NotEqual("", range));
        AssertNothingElse("m.gguf");
    }

    [Fact]
    public void Pull_ConnectionIsReset_GoesOnWhereItStopped()
    {
        using var server = new FileServer(_content, new ServerBehaviour { CutAfter = new Queue<int>([300_000]), Resets = true });
        Pull(server.Url("m.gguf"), "--sha256", Sha256(_content)).Expect(0);
        Assert.Equal(_content, File.ReadAllBytes(_folder.File("m.gguf")));
        Assert.Equal(2, server.Ranges.Count);
    }

    [Fact]
    public void Pull_OnATerminal_ShowsAProgressBar()
    {
        using var server = new FileServer(_content);
        using var terminal = new TerminalSession("pull", server.Url("m.gguf"), "--output", _folder.Path);
        terminal.WaitFor("[left with 0]");
        terminal.WaitForRecord("m.gguf \e");
        terminal.WaitForRecord("%");
        Assert.DoesNotContain("%", terminal.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_ConnectionAlwaysBreaks_SaysSoAndTheNextCallGoesOn()
    {
        using (var server = new FileServer(_content, new ServerBehaviour { CutAfter = new Queue<int>([300_000, 0, 0, 0, 0, 0]) }))
        {
            string error = Pull(server.Url("m.gguf")).ExpectErrorLine(1);
            Assert.Contains("300000 bytes are kept", error, StringComparison.Ordinal);
            Assert.False(File.Exists(_folder.File("m.gguf")));
        }

        using var healthy = new FileServer(_content);
        Pull(healthy.Url("m.gguf")).Expect(0);
        Assert.Equal("300000-", Assert.Single(healthy.Ranges));
        Assert.Equal(_content, File.ReadAllBytes(_folder.File("m.gguf")));
    }

    [Fact]
    public void Pull_ServerIgnoresRanges_StartsAnew()
    {
        using var server = new FileServer(_content, new ServerBehaviour { Ranges = false, CutAfter = new Queue<int>([300_000]) });
        Pull(server.Url("m.gguf")).Expect(0);
        Assert.Equal(_content, File.ReadAllBytes(_folder.File("m.gguf")));
    }

    [Fact]
    public void Pull_FileChangesBetweenTwoCalls_IsNotPutTogetherFromBoth()
    {
        using (var server = new FileServer(_content, new ServerBehaviour { CutAfter = new Queue<int>([300_000, 0, 0, 0, 0, 0]) }))
        {
            Pull(server.Url("m.gguf")).Expect(1);
        }

        byte[] other = [.. Encoding.ASCII.GetBytes("GGUF"), .. RandomBytes(900_000)];
        using var changed = new FileServer(other, new ServerBehaviour { ETag = "\"v2\"" });
        Pull(changed.Url("m.gguf")).Expect(0);
        Assert.Equal(other, File.ReadAllBytes(_folder.File("m.gguf")));
    }

    [Fact]
    public void Pull_ServerNamesNoVersion_DoesNotTrustAnOldPart()
    {
        File.WriteAllBytes(_folder.File("m.gguf.part"), RandomBytes(300_000));
        using var server = new FileServer(_content, new ServerBehaviour { ETag = null });
        Pull(server.Url("m.gguf")).Expect(0);
        Assert.Equal(_content, File.ReadAllBytes(_folder.File("m.gguf")));
    }

    [Fact]
    public void Pull_PartIsTheWholeFile_OnlyChecksIt()
    {
        File.WriteAllBytes(_folder.File("m.gguf.part"), _content);
        using var server = new FileServer(_content);
        Pull(server.Url("m.gguf"), "--sha256", Sha256(_content)).Expect(0);
        Assert.Equal(_content, File.ReadAllBytes(_folder.File("m.gguf")));
    }

    [Fact]
    public void Pull_WrongChecksum_DeletesWhatCame()
    {
        using var server = new FileServer(_content);
        string error = Pull(server.Url("m.gguf"), "--sha256", new string('0', 64)).ExpectErrorLine(1);
        Assert.Contains($"sha256 is {Sha256(_content)}, expected 0000", error, StringComparison.Ordinal);
        AssertNothingElse();
    }

    [Theory]
    [InlineData(404)]
    [InlineData(401)]
    public void Pull_Refused_SaysTheStatusAtOnce(int status)
    {
        using var server = new FileServer(_content, new ServerBehaviour { Status = status });
        string error = Pull(server.Url("m.gguf")).ExpectErrorLine(1);
        Assert.Contains($"the server answers {status}", error, StringComparison.Ordinal);
        Assert.Single(server.Ranges);
        AssertNothingElse();
    }

    [Fact]
    public void Pull_SomethingElseThanAModel_IsRefused()
    {
        using var server = new FileServer(Encoding.ASCII.GetBytes("<html>Please log in</html>"));
        Assert.Contains("not a GGUF file", Pull(server.Url("m.gguf")).ExpectErrorLine(1), StringComparison.Ordinal);
        AssertNothingElse();
    }

    [Fact]
    public void Pull_MoreThanTheDiskHolds_IsRefusedBeforeItStarts()
    {
        using var server = new FileServer(_content, new ServerBehaviour { ClaimedLength = long.MaxValue / 4 });
        Assert.Contains("are free", Pull(server.Url("m.gguf")).ExpectErrorLine(1), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("m.gguf")));
    }

    [Fact]
    public void Pull_NothingListens_SaysSo()
    {
        string url;
        using (var server = new FileServer(_content))
        {
            url = server.Url("m.gguf");
        }

        Assert.Contains("refused", Pull(url).ExpectErrorLine(1), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Pull_NameOfACatalogue_ChecksSizeAndSum()
    {
        using var server = new FileServer(_content);
        string catalogue = Catalogue(server.Url("named.gguf"), _content.Length, Sha256(_content));
        Pull("Small", "--catalog", catalogue).Expect(0);
        Assert.Equal(_content, File.ReadAllBytes(_folder.File("named.gguf")));
        Assert.Contains("is there already", Pull("small", "--catalog", catalogue).Expect(0).Error, StringComparison.Ordinal);
        Assert.Single(server.Ranges);
    }

    [Fact]
    public void Pull_CatalogueMeansAnotherSize_IsRefused()
    {
        using var server = new FileServer(_content);
        string error = Pull("small", "--catalog", Catalogue(server.Url("named.gguf"), 5, null)).ExpectErrorLine(1);
        Assert.Contains($"the server has {_content.Length} bytes, expected 5", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_PartOfASplitModel_BringsAllParts()
    {
        using var server = new FileServer(_content);
        Pull(server.Url("m-00002-of-00003.gguf")).Expect(0);
        AssertNothingElse("m-00001-of-00003.gguf", "m-00002-of-00003.gguf", "m-00003-of-00003.gguf");
    }

    [Fact]
    public void Pull_UnaskedPart_IsRefused()
    {
        string[] headers = [$"Content-Range: bytes 0-99/{_content.Length}", "Content-Length: 100"];
        using var server = new FileServer(_ => FileServer.Reply("206 Partial Content", headers, _content.AsSpan(0, 100)));
        Assert.Contains("206", Pull(server.Url("m.gguf")).ExpectErrorLine(1), StringComparison.Ordinal);
        AssertNothingElse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("zz00000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    public void Pull_MalformedChecksum_IsRefusedBeforeTheFirstByte(string sha256)
    {
        using var server = new FileServer(_content);
        string error = Pull(server.Url("m.gguf"), "--sha256", sha256).ExpectErrorLine(2);
        Assert.Contains("expected 64 hexadecimal digits", error, StringComparison.Ordinal);
        Assert.Empty(server.Ranges);
        AssertNothingElse();
    }

    [Fact]
    public void Pull_FileIsThere_ChecksItsSum()
    {
        File.WriteAllBytes(_folder.File("m.gguf"), _content);
        using var server = new FileServer(_content);
        Pull(server.Url("m.gguf")).Expect(0);
        Pull(server.Url("m.gguf"), "--sha256", Sha256(_content).ToUpperInvariant()).Expect(0);
        string error = Pull(server.Url("m.gguf"), "--sha256", new string('0', 64)).ExpectErrorLine(1);
        Assert.Contains("is there already, but is another file: wrong checksum", error, StringComparison.Ordinal);
        Assert.Equal(_content, File.ReadAllBytes(_folder.File("m.gguf")));
        Assert.Empty(server.Ranges);
    }

    [Fact]
    public void Pull_FolderOfThatName_IsRefused()
    {
        Directory.CreateDirectory(_folder.File("m.gguf"));
        using var server = new FileServer(_content);
        Assert.Contains("is a folder", Pull(server.Url("m.gguf")).ExpectErrorLine(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_PartOfASplitModel_ChecksItsSum()
    {
        using var server = new FileServer(request =>
            FileServer.Reply("200 OK", ["Content-Length: 5"], [.. "GGUF"u8, (byte)request.Target[^15]]));
        string[] sums = [.. "12".Select(part => Sha256([.. "GGUF"u8, (byte)part]))];
        string url = server.Url("m-00002-of-00002.gguf");
        string error = Pull(url, "--sha256", sums[0]).Expect(1).Error;
        Assert.Contains("wrong checksum", error, StringComparison.Ordinal);
        AssertNothingElse("m-00001-of-00002.gguf");
        Assert.Contains("only m-00002-of-00002.gguf was checked", Pull(url, "--sha256", sums[1]).Expect(0).Error, StringComparison.Ordinal);
        Assert.DoesNotContain("only", Pull(url, "--sha256", sums[0], "--sha256", sums[1]).Expect(0).Error, StringComparison.Ordinal);
        Pull(url, "--sha256", sums[1], "--sha256", sums[0]).Expect(1);
    }

    [Theory]
    [InlineData("m-00001-of-00000.gguf", "found part 1 of 0")]
    [InlineData("m-00004-of-00003.gguf", "found part 4 of 3")]
    [InlineData("CON", "name of a .gguf file")]
    public void Pull_NonsenseName_IsRefused(string name, string expected)
    {
        using var server = new FileServer(_content);
        Assert.Contains(expected, Pull(server.Url(name)).ExpectErrorLine(1), StringComparison.Ordinal);
        Assert.Empty(server.Ranges);
    }

    [Theory]
    [InlineData("..%2F..%2Fevil.gguf", "evil.gguf")]
    [InlineData("..%5C..%5Cevil.gguf", "evil.gguf")]
    [InlineData("%1B%5B2Jnul.gguf", "_[2Jnul.gguf")]
    [InlineData("nul.gguf", "_nul.gguf")]
    public void Pull_TrickyName_StaysInItsFolder(string name, string expected)
    {
        using var server = new FileServer(_content);
        Pull(server.Url(name)).Expect(0);
        AssertNothingElse(expected);
    }

    [Fact]
    public void Pull_RedirectToAFile_IsOneLine()
    {
        using var server = new FileServer(_ => FileServer.Reply("302 Found", ["Location: file:///etc/passwd", "Content-Length: 0"], []));
        string error = Pull(server.Url("m.gguf")).ExpectErrorLine(1);
        Assert.Contains("redirects to file:///etc/passwd, expected http or https", error, StringComparison.Ordinal);
        AssertNothingElse();
    }

    [Fact]
    public void Pull_416ToTheFirstRequest_IsOneLine()
    {
        using var server = new FileServer(_ => FileServer.Reply("416 No", ["Content-Range: bytes */5", "Content-Length: 0"], []));
        Assert.Contains("416", Pull(server.Url("m.gguf")).ExpectErrorLine(1), StringComparison.Ordinal);
        AssertNothingElse();
    }

    [Theory]
    [InlineData("http://user:secret@{0}/m.gguf?token=secret")]
    [InlineData("http://user:secret@{0}/m-00001-of-00000.gguf?secret")]
    [InlineData("http://user:secret@{0}/m.bin?secret")]
    [InlineData("http://user:secret@{0}:99999/m.gguf")]
    [InlineData("ftp://user:secret@{0}/m.gguf")]
    [InlineData("user:secret@{0}/m.gguf")]
    public void Pull_SecretsInTheUrl_AreNeverShown(string format)
    {
        using var server = new FileServer(_content, new ServerBehaviour { Status = 403 });
        string url = format.Replace("{0}", server.Authority, StringComparison.Ordinal);
        EdgertResult result = Pull(url, "--verbose").Expect(1);
        Assert.DoesNotContain("secret", result.Error + result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", Pull("x", url).Expect(2).Error, StringComparison.Ordinal);
        if (url.Contains("://", StringComparison.Ordinal))
        {
            Assert.DoesNotContain("secret", Edgert.Run("info", url).ExpectErrorLine(1), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("file:///etc/m.gguf", "null", "null")]
    [InlineData("m.gguf", "null", "null")]
    [InlineData("http://user:secret@h.example/m.gguf", "null", "null")]
    [InlineData("http://h.example/\\u001b[2Jm.gguf", "null", "null")]
    [InlineData("http://h.example/m.exe", "null", "null")]
    [InlineData("http://h.example/m.gguf", "0", "null")]
    [InlineData("http://h.example/m.gguf", "-1", "null")]
    [InlineData("http://h.example/m.gguf", "1e400", "null")]
    [InlineData("http://h.example/m.gguf", "null", "\"abc\"")]
    public void Pull_HostileCatalogue_IsRefused(string url, string size, string sha256)
    {
        string rest = "\"licence\": \"MIT\", \"description\": \"x\"";
        string entry = $$"""{"name": "small", "url": "{{url}}", "size": {{size}}, "sha256": {{sha256}}, {{rest}}}""";
        string error = Pull("small", "--catalog", _folder.Write("catalog.json", $$"""{"models": [{{entry}}]}""")).ExpectErrorLine(1);
        Assert.Contains("catalog.json: not a catalogue: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_NullInACatalogue_IsRefused()
    {
        string catalogue = _folder.Write("c.json", """{"models": [null]}""");
        Assert.Contains("found null", Pull("x", "--catalog", catalogue).ExpectErrorLine(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_TwiceAtOnce_TheSecondSaysSo()
    {
        using var release = new ManualResetEventSlim();
        byte[] answer = FileServer.Reply("200 OK", [$"Content-Length: {_content.Length}"], _content);
        using var server = new FileServer(async (_, stream) =>
        {
            await stream.WriteAsync(answer.AsMemory(0, 500_000));
            await Task.Run(release.Wait);
            await stream.WriteAsync(answer.AsMemory(500_000));
        });
        using Process first = Start(server.Url("m.gguf"));
        WaitForPart(300_000);
        Assert.Contains("another download", Pull(server.Url("m.gguf")).ExpectErrorLine(1), StringComparison.Ordinal);
        release.Set();
        first.WaitForExit();
        Assert.Equal(0, first.ExitCode);
        Assert.Equal(_content, File.ReadAllBytes(_folder.File("m.gguf")));
        AssertNothingElse("m.gguf");
    }

    [Fact]
    public void Pull_CtrlC_KeepsWhatCame()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a signal for one process is not to be had on Windows");
        using (var server = new FileServer(async (_, stream) =>
        {
            string[] headers = [$"Content-Length: {_content.Length}", "ETag: \"v1\""];
            await stream.WriteAsync(FileServer.Reply("200 OK", headers, _content.AsSpan(0, 300_000)));
            await Task.Delay(TimeSpan.FromMinutes(3));
        }))
        {
            using Process process = Start(server.Url("m.gguf"));
            WaitForPart(300_000);
            Process.Start("kill", ["-INT", $"{process.Id}"]).WaitForExit();
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.Equal(130, process.ExitCode);
            Assert.Contains("300000 bytes of", Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        }

        using var healthy = new FileServer(_content);
        Pull(healthy.Url("m.gguf")).Expect(0);
        Assert.Equal("300000-", Assert.Single(healthy.Ranges));
        Assert.Equal(_content, File.ReadAllBytes(_folder.File("m.gguf")));
    }

    [Theory]
    [InlineData("no-such-name")]
    [InlineData("file:///etc/passwd")]
    [InlineData("https://example.org/model.bin")]
    [InlineData("https://example.org/")]
    public void Pull_NeitherNameNorUrl_IsRefused(string model) => Pull(model).ExpectErrorLine(1);

    [Fact]
    public void Pull_WithoutAName_ListsTheCatalogue()
    {
        EdgertResult result = Edgert.Run("pull").Expect(0);
        Assert.Contains("smollm2-135m", result.Output, StringComparison.Ordinal);
        Assert.True(result.Output.TrimEnd().Split('\n').Length >= 10);
    }

    private static byte[] RandomBytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private EdgertResult Pull(params string[] arguments) => Edgert.Run(["pull", .. arguments, "--output", _folder.Path]);

    private Process Start(string url) => Edgert.Start(new Dictionary<string, string?>(), "pull", url, "--output", _folder.Path);

    /// <summary>Waits until the part of m.gguf has so many bytes.</summary>
    private void WaitForPart(long length)
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

    private string Catalogue(string url, long size, string? sha256)
    {
        string file = Path.Combine(Directory.CreateDirectory(_folder.File("catalogues")).FullName, "catalog.json");
        string sum = sha256 is null ? "null" : $"\"{sha256}\"";
        File.WriteAllText(
            file,
            $$"""{"models": [{"name": "small", "url": "{{url}}", "size": {{size}}, "sha256": {{sum}}, "licence": "MIT", "description": "x"}]}""");
        return file;
    }

    private void AssertNothingElse(params string[] files) =>
        Assert.Equal(files, Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
}
