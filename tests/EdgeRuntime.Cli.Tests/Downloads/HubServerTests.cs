using System;
using System.Linq;
using System.Text;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Downloads;

/// <summary>Model hubs that redirect, break off and lie.</summary>
public sealed class HubServerTests : IDisposable
{
    private const string File = "m-Q4_K_M.gguf";

    private readonly HubTrial _hub = new() { Token = "hf_secret" };

    public void Dispose() => _hub.Dispose();

    [Fact]
    public void Pull_Token_StaysAtTheHub()
    {
        byte[] content = HubTrial.Content(File);
        using var storage = new FileServer(content);
        _hub.Add(File);
        _hub.Override = request => request.Target == HubTrial.Resolve(File) ? Answers.RedirectTo(storage.Url("x?y")) : null;
        EdgertResult result = _hub.Run("pull", "hf:owner/repo", "--verbose").Expect(0);
        Assert.Equal(content, _hub.Read("owner/repo/" + File));
        Assert.Equal(["Bearer hf_secret", "Bearer hf_secret"], _hub.Server.Requests.Select(request => request.Header("Authorization")));
        Assert.Equal([""], storage.Requests.Select(request => request.Header("Authorization")));
        Assert.DoesNotContain("secret", result.Error + result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_RenamedRepository_FollowsTheHub()
    {
        _hub.Add(File);
        _hub.Override = request => request.Target.Contains("/old/", StringComparison.Ordinal)
            ? Answers.RedirectTo(request.Target.Replace("/old/", "/repo/", StringComparison.Ordinal))
            : null;
        _hub.Run("pull", "hf:owner/old").Expect(0);
        Assert.Equal(["owner/old/" + File], _hub.Saved);
    }

    [Theory]
    [InlineData("401 Unauthorized")]
    [InlineData("403 Forbidden")]
    public void Pull_Denied_SaysWhatToDo(string status)
    {
        _hub.Add(File);
        _hub.Override = request => request.Target == HubTrial.Resolve(File) ? FileServer.Reply(status, ["Content-Length: 0"], []) : null;
        string error = _hub.Run("pull", "hf:owner/repo").ExpectErrorLine(1);
        Assert.Contains($"the server answers {status}; check the name, and whether the token in HF_TOKEN", error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
        Assert.DoesNotContain(_hub.Saved, saved => saved.EndsWith(".gguf", StringComparison.Ordinal));
    }

    [Fact]
    public void Pull_ConnectionsBreakOff_GoesOn()
    {
        _hub.Add(File);
        byte[] content = HubTrial.Content(File);
        _hub.Override = request => request.Number switch
        {
            0 => FileServer.Reply("503 Service Unavailable", ["Content-Length: 0"], []),
            1 => Answers.Cut(Answers.Whole(_hub.Listing(), null), 50),
            3 => Answers.Cut(Answers.Whole(content, "\"v1\""), 60_000),
            4 => Answers.Rest(content, request.Range, "\"v1\""),
            _ => null,
        };
        _hub.Run("pull", "hf:owner/repo").Expect(0);
        Assert.Equal(content, _hub.Read("owner/repo/" + File));
        Assert.Equal("60000-", _hub.Server.Ranges.Last());
    }

    [Fact]
    public void Pull_FileOfAnotherLength_IsRefused()
    {
        _hub.Add(File);
        _hub.Override = request => request.Target == HubTrial.Resolve(File) ? Answers.Whole("GGUF, but short"u8.ToArray(), null) : null;
        string error = _hub.Run("pull", "hf:owner/repo").ExpectErrorLine(1);
        Assert.Contains($"the server has 15 bytes, expected {HubTrial.Content(File).Length}", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_FileOfAnotherContent_IsDeleted()
    {
        byte[] other = HubTrial.Content("n-Q4_K_M.gguf");
        _hub.Add(File);
        _hub.Override = request => request.Target == HubTrial.Resolve(File) ? Answers.Whole(other, null) : null;
        Assert.Contains("wrong checksum", _hub.Run("pull", "hf:owner/repo").ExpectLastErrorLine(1), StringComparison.Ordinal);
        Assert.Empty(_hub.Saved);
    }

    [Fact]
    public void Pull_ListingOfSeveralPages_ReadsAll()
    {
        _hub.Add(File);
        string next = $"Link: <http://{_hub.Server.Authority}/next>; rel=\"next\"";
        _hub.Override = request => request.Target switch
        {
            HubTrial.ListingPath => Answers.Whole(HubTrial.List([]), null, next),
            "/next" => Answers.Whole(_hub.Listing(), null),
            _ => null,
        };
        _hub.Run("pull", "hf:owner/repo").Expect(0);
        Assert.Equal(["owner/repo/" + File], _hub.Saved);
    }

    public static TheoryData<string, string> BadListings => new()
    {
        { "<html>", "expected a list of files in JSON" },
        { "null", "found null" },
        { "[null]", "found null" },
        { "{}", "expected a list of files in JSON" },
        { "[]", "has no .gguf file" },
        { """[{"type":"file","path":"../m-Q4_K_M.gguf","size":5}]""", "found path ../m-Q4_K_M.gguf" },
        { """[{"type":"file","path":"a//m-Q4_K_M.gguf","size":5}]""", "found path a//m-Q4_K_M.gguf" },
        { """[{"type":"file","path":"m-Q4_K_M.gguf","size":-1}]""", "found size -1" },
        { """[{"type":"file","path":"m-Q4_K_M.gguf","size":1e400}]""", "expected a list of files in JSON" },
        { """[{"type":"file","path":"m-Q4_K_M.gguf","size":5,"lfs":{"oid":"abc","size":5}}]""", "lfs.oid" },
        { """[{"type":"file","path":null,"size":5}]""", "expected a list of files in JSON" },
    };

    [Theory]
    [MemberData(nameof(BadListings))]
    public void Pull_BadListing_IsOneLine(string listing, string expected)
    {
        _hub.Override = _ => Answers.Whole(Encoding.UTF8.GetBytes(listing), null);
        Assert.Contains(expected, _hub.Run("pull", "hf:owner/repo").ExpectErrorLine(1), StringComparison.Ordinal);
        Assert.Empty(_hub.Saved);
    }

    [Theory]
    [InlineData("Link: <http://other.example/next>; rel=\"next\"", "goes on at another server")]
    [InlineData("Link: <http://[/next>; rel=\"next\"", "goes on at another server")]
    [InlineData("Link: </api/models/owner/repo/tree/main?recursive=true>; rel=\"next\"", "more than 100 pages")]
    public void Pull_BadLinkToTheNextPage_IsOneLine(string link, string expected)
    {
        _hub.Override = _ => Answers.Whole(HubTrial.List([]), null, link);
        Assert.Contains(expected, _hub.Run("pull", "hf:owner/repo").ExpectErrorLine(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_EndlessListing_IsRefused()
    {
        _hub.Override = _ => Answers.Whole(new byte[5 << 20], null);
        Assert.Contains("at most 4194304 bytes", _hub.Run("pull", "hf:owner/repo").ExpectErrorLine(1), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://h.example", "HF_ENDPOINT ftp://h.example: expected an http or https URL")]
    [InlineData("http://u:p@h.example", "HF_ENDPOINT http://h.example/: expected an http or https URL")]
    [InlineData("h.example", "HF_ENDPOINT h.example: expected an http or https URL")]
    public void Pull_MalformedEndpoint_IsOneLine(string endpoint, string expected) =>
        Assert.Contains(expected, _hub.RunAt(endpoint, "pull", "hf:owner/repo").ExpectErrorLine(1), StringComparison.Ordinal);

    [Fact]
    public void Pull_MalformedToken_IsNotShown()
    {
        using var hub = new HubTrial { Token = "hf secret" };
        string error = hub.Run("pull", "hf:owner/repo").ExpectErrorLine(1);
        Assert.Contains("HF_TOKEN: expected", error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }
}
