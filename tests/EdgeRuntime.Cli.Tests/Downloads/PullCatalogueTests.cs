using System;
using System.IO;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Downloads;

/// <summary><c>edgert pull NAME</c>: names of a catalogue, which may be hostile.</summary>
public sealed class PullCatalogueTests : IDisposable
{
    private readonly PullTrial _trial = new();

    public void Dispose() => _trial.Dispose();

    [Fact]
    public void Pull_NameOfACatalogue_ChecksSizeAndSum()
    {
        using var server = new FileServer(_trial.Content);
        string catalogue = Catalogue(server.Url("named.gguf"), _trial.Content.Length, PullTrial.Sha256(_trial.Content));
        _trial.Pull("Small", "--catalog", catalogue).Expect(0);
        Assert.Equal(_trial.Content, File.ReadAllBytes(_trial.File("named.gguf")));
        Assert.Contains("is there already", _trial.Pull("small", "--catalog", catalogue).Expect(0).Error, StringComparison.Ordinal);
        Assert.Single(server.Ranges);
    }

    [Fact]
    public void Pull_CatalogueMeansAnotherSize_IsRefused()
    {
        using var server = new FileServer(_trial.Content);
        string error = _trial.Pull("small", "--catalog", Catalogue(server.Url("named.gguf"), 5, null)).ExpectErrorLine(1);
        Assert.Contains($"the server has {_trial.Content.Length} bytes, expected 5", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_CatalogueMeansAnotherArchitecture_IsRefused()
    {
        using var server = new FileServer(_trial.Content);
        string catalogue = Catalogue(server.Url("named.gguf"), _trial.Content.Length, null, architecture: "qwen2");
        string error = _trial.Pull("small", "--catalog", catalogue).ExpectErrorLine(1);
        Assert.Contains("the catalogue says architecture 'qwen2', the file 'llama'", error, StringComparison.Ordinal);
        Assert.False(File.Exists(_trial.File("named.gguf.part")));
        string same = Catalogue(server.Url("named.gguf"), _trial.Content.Length, null, architecture: "llama");
        _trial.Pull("small", "--catalog", same).Expect(0);
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
        string error = _trial.Pull("small", "--catalog", _trial.Write("catalog.json", $$"""{"models": [{{entry}}]}""")).ExpectErrorLine(1);
        Assert.Contains("catalog.json: not a catalogue: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_NullInACatalogue_IsRefused()
    {
        string catalogue = _trial.Write("c.json", """{"models": [null]}""");
        Assert.Contains("found null", _trial.Pull("x", "--catalog", catalogue).ExpectErrorLine(1), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no-such-name")]
    [InlineData("file:///etc/passwd")]
    [InlineData("https://example.org/model.bin")]
    [InlineData("https://example.org/")]
    public void Pull_NeitherNameNorUrl_IsRefused(string model) => _trial.Pull(model).ExpectErrorLine(1);

    [Fact]
    public void Pull_WithoutAName_ListsTheCatalogue()
    {
        EdgertResult result = Edgert.Run("pull").Expect(0);
        Assert.Contains("smollm2-135m", result.Output, StringComparison.Ordinal);
        Assert.True(result.Output.TrimEnd().Split('\n').Length >= 10);
    }

    private string Catalogue(string url, long size, string? sha256, string? architecture = null)
    {
        string file = Path.Combine(Directory.CreateDirectory(_trial.File("catalogues")).FullName, "catalog.json");
        string sum = sha256 is null ? "null" : $"\"{sha256}\"";
        string rest = "\"licence\": \"MIT\", \"description\": \"x\"";
        rest += architecture is null ? "" : $", \"architecture\": \"{architecture}\"";
        File.WriteAllText(
            file,
            $$"""
            {"models": [
              {"name": "small", "url": "{{url}}", "size": {{size}}, "sha256": {{sum}}, {{rest}}}
            ]}
            """);
        return file;
    }
}
