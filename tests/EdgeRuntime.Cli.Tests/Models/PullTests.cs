using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Models;

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
