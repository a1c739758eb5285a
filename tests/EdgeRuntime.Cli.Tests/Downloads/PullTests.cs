using System;
using System.IO;
using System.Linq;
using System.Text;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Downloads;

/// <summary><c>edgert pull URL</c> against a server on this machine that behaves badly.</summary>
public sealed class PullTests : IDisposable
{
    private readonly PullTrial _trial = new();

    public void Dispose() => _trial.Dispose();

    [Fact]
    public void Pull_Url_SavesTheFileWhole()
    {
        using var server = new FileServer(_trial.Content);
        EdgertResult result = _trial.Pull(server.Url("a%20model.gguf")).Expect(0);
        Assert.Equal(_trial.Content, File.ReadAllBytes(_trial.File("a model.gguf")));
        Assert.Empty(result.Output);
        Assert.DoesNotContain('\e', result.Error);
        _trial.AssertNothingElse("a model.gguf");
    }

    [Fact]
    public void Pull_OnATerminal_ShowsAProgressBar()
    {
        using var server = new FileServer(_trial.Content);
        using var terminal = new TerminalSession("pull", server.Url("m.gguf"), "--output", _trial.Folder);
        terminal.WaitFor("[left with 0]");
        terminal.WaitForRecord("m.gguf \e");
        terminal.WaitForRecord("%");
        Assert.DoesNotContain("%", terminal.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_WrongChecksum_DeletesWhatCame()
    {
        using var server = new FileServer(_trial.Content);
        string error = _trial.Pull(server.Url("m.gguf"), "--sha256", new string('0', 64)).ExpectLastErrorLine(1);
        Assert.Contains($"sha256 is {PullTrial.Sha256(_trial.Content)}, expected 0000", error, StringComparison.Ordinal);
        _trial.AssertNothingElse();
    }

    [Theory]
    [InlineData(404)]
    [InlineData(401)]
    public void Pull_Refused_SaysTheStatusAtOnce(int status)
    {
        using var server = new FileServer(_trial.Content, new ServerBehaviour { Status = status });
        string error = _trial.Pull(server.Url("m.gguf")).ExpectErrorLine(1);
        Assert.Contains($"the server answers {status}", error, StringComparison.Ordinal);
        Assert.Single(server.Ranges);
        _trial.AssertNothingElse();
    }

    [Fact]
    public void Pull_SomethingElseThanAModel_IsRefused()
    {
        using var server = new FileServer(Encoding.ASCII.GetBytes("<html>Please log in</html>"));
        Assert.Contains("not a GGUF file", _trial.Pull(server.Url("m.gguf")).ExpectErrorLine(1), StringComparison.Ordinal);
        _trial.AssertNothingElse();
    }

    [Fact]
    public void Pull_MoreThanTheDiskHolds_IsRefusedBeforeItStarts()
    {
        using var server = new FileServer(_trial.Content, new ServerBehaviour { ClaimedLength = long.MaxValue / 4 });
        Assert.Contains("are free", _trial.Pull(server.Url("m.gguf")).ExpectErrorLine(1), StringComparison.Ordinal);
        Assert.False(File.Exists(_trial.File("m.gguf")));
    }

    [Fact]
    public void Pull_NothingListens_SaysSo()
    {
        string url;
        using (var server = new FileServer(_trial.Content))
        {
            url = server.Url("m.gguf");
        }

        Assert.Contains("refused", _trial.Pull(url).ExpectErrorLine(1), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Pull_PartOfASplitModel_BringsAllParts()
    {
        byte[][] parts = ModelCopies.Split(3);
        using var server = new FileServer(request => Answers.Whole(parts[request.Target[^15] - '1'], "\"v1\""));
        _trial.Pull(server.Url("m-00002-of-00003.gguf")).Expect(0);
        _trial.AssertNothingElse("m-00001-of-00003.gguf", "m-00002-of-00003.gguf", "m-00003-of-00003.gguf");
        Assert.All(parts.Index(), part => Assert.Equal(part.Item, File.ReadAllBytes(_trial.File($"m-0000{part.Index + 1}-of-00003.gguf"))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("zz00000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    public void Pull_MalformedChecksum_IsRefusedBeforeTheFirstByte(string sha256)
    {
        using var server = new FileServer(_trial.Content);
        string error = _trial.Pull(server.Url("m.gguf"), "--sha256", sha256).ExpectErrorLine(2);
        Assert.Contains("expected 64 hexadecimal digits", error, StringComparison.Ordinal);
        Assert.Empty(server.Ranges);
        _trial.AssertNothingElse();
    }

    [Fact]
    public void Pull_FileIsThere_ChecksItsSum()
    {
        File.WriteAllBytes(_trial.File("m.gguf"), _trial.Content);
        using var server = new FileServer(_trial.Content);
        _trial.Pull(server.Url("m.gguf")).Expect(0);
        _trial.Pull(server.Url("m.gguf"), "--sha256", PullTrial.Sha256(_trial.Content).ToUpperInvariant()).Expect(0);
        string error = _trial.Pull(server.Url("m.gguf"), "--sha256", new string('0', 64)).ExpectErrorLine(1);
        Assert.Contains("is there already, but is another file: wrong checksum", error, StringComparison.Ordinal);
        Assert.Equal(_trial.Content, File.ReadAllBytes(_trial.File("m.gguf")));
        Assert.Empty(server.Ranges);
    }

    [Fact]
    public void Pull_FolderOfThatName_IsRefused()
    {
        Directory.CreateDirectory(_trial.File("m.gguf"));
        using var server = new FileServer(_trial.Content);
        Assert.Contains("is a folder", _trial.Pull(server.Url("m.gguf")).ExpectErrorLine(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_PartOfASplitModel_ChecksItsSum()
    {
        byte[][] parts = ModelCopies.Split(2);
        using var server = new FileServer(request => Answers.Whole(parts[request.Target[^15] - '1'], null));
        string[] sums = [.. parts.Select(PullTrial.Sha256)];
        string url = server.Url("m-00002-of-00002.gguf");
        string error = _trial.Pull(url, "--sha256", sums[0]).Expect(1).Error;
        Assert.Contains("wrong checksum", error, StringComparison.Ordinal);
        _trial.AssertNothingElse("m-00001-of-00002.gguf");
        Assert.Contains(
            "only m-00002-of-00002.gguf was checked", _trial.Pull(url, "--sha256", sums[1]).Expect(0).Error, StringComparison.Ordinal);
        Assert.DoesNotContain("only", _trial.Pull(url, "--sha256", sums[0], "--sha256", sums[1]).Expect(0).Error, StringComparison.Ordinal);
        _trial.Pull(url, "--sha256", sums[1], "--sha256", sums[0]).Expect(1);
    }

    [Theory]
    [InlineData("m-00001-of-00000.gguf", "found part 1 of 0")]
    [InlineData("m-00004-of-00003.gguf", "found part 4 of 3")]
    [InlineData("CON", "name of a .gguf file")]
    public void Pull_NonsenseName_IsRefused(string name, string expected)
    {
        using var server = new FileServer(_trial.Content);
        Assert.Contains(expected, _trial.Pull(server.Url(name)).ExpectErrorLine(1), StringComparison.Ordinal);
        Assert.Empty(server.Ranges);
    }

    [Theory]
    [InlineData("..%2F..%2Fevil.gguf", "evil.gguf")]
    [InlineData("..%5C..%5Cevil.gguf", "evil.gguf")]
    [InlineData("%1B%5B2Jnul.gguf", "_[2Jnul.gguf")]
    [InlineData("nul.gguf", "_nul.gguf")]
    public void Pull_TrickyName_StaysInItsFolder(string name, string expected)
    {
        using var server = new FileServer(_trial.Content);
        _trial.Pull(server.Url(name)).Expect(0);
        _trial.AssertNothingElse(expected);
    }

    [Fact]
    public void Pull_RedirectToAFile_IsOneLine()
    {
        using var server = new FileServer(_ => FileServer.Reply("302 Found", ["Location: file:///etc/passwd", "Content-Length: 0"], []));
        string error = _trial.Pull(server.Url("m.gguf")).ExpectErrorLine(1);
        Assert.Contains("redirects to file:///etc/passwd, expected http or https", error, StringComparison.Ordinal);
        _trial.AssertNothingElse();
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
        using var server = new FileServer(_trial.Content, new ServerBehaviour { Status = 403 });
        string url = format.Replace("{0}", server.Authority, StringComparison.Ordinal);
        EdgertResult result = _trial.Pull(url, "--verbose").Expect(1);
        Assert.DoesNotContain("secret", result.Error + result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", _trial.Pull("x", url).Expect(2).Error, StringComparison.Ordinal);
        if (url.Contains("://", StringComparison.Ordinal))
        {
            Assert.DoesNotContain("secret", Edgert.Run("info", url).ExpectErrorLine(1), StringComparison.Ordinal);
        }
    }
}
