using System;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Downloads;

/// <summary><c>edgert pull hf:OWNER/REPO[:QUANT]</c>, and the same reference as a model.</summary>
public sealed class HubPullTests : IDisposable
{
    private readonly HubTrial _hub = new();

    public void Dispose() => _hub.Dispose();

    [Fact]
    public void Pull_WithoutAQuantization_SavesQ4KM()
    {
        _hub.Add("m-IQ4_K_M.gguf", "m-Q4_K_M-mmproj.gguf", "m-Q4_K_M.gguf", "m-Q8_0.gguf", "README.md");
        EdgertResult result = _hub.Run("pull", "hf:owner/repo").Expect(0);
        Assert.Equal(["owner/repo/m-Q4_K_M.gguf"], _hub.Saved);
        Assert.Equal(HubTrial.Content("m-Q4_K_M.gguf"), _hub.Read("owner/repo/m-Q4_K_M.gguf"));
        Assert.Equal([HubTrial.ListingPath, HubTrial.Resolve("m-Q4_K_M.gguf")], _hub.Targets);
        Assert.StartsWith("m-Q4_K_M.gguf: llama, runs here; 1.2 MB to download, ", result.ErrorLines[0], StringComparison.Ordinal);
        Assert.StartsWith("saved ", result.ErrorLines[1], StringComparison.Ordinal);
        Assert.Equal(2, result.ErrorLines.Length);
        Assert.Contains("is there already", _hub.Run("pull", "hf:owner/repo").Expect(0).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("q8_0", "m.Q8_0.gguf")]
    [InlineData("F16", "m-f16.gguf")]
    [InlineData("BF16", "BF16/m.gguf")]
    [InlineData("UD-Q2_K_XL", "m-UD-Q2_K_XL.gguf")]
    public void Pull_Quantization_SavesIt(string quantization, string expected)
    {
        _hub.Add("BF16/m.gguf", "m-UD-Q2_K_XL.gguf", "m-f16.gguf", "m.Q8_0.gguf", "m-Q8_0_XL.gguf");
        _hub.Run("pull", "HF:owner/repo:" + quantization).Expect(0);
        Assert.Equal(HubTrial.Content(expected), _hub.Read("owner/repo/" + Path.GetFileName(expected)));
        Assert.Single(_hub.Saved);
    }

    [Fact]
    public void Pull_RepositoryWithoutQ4KM_SavesTheFirstAndSaysSo()
    {
        _hub.Add("m-Q8_0.gguf", "m-Q5_0.gguf", "a-mmproj.gguf");
        string error = _hub.Run("pull", "hf:owner/repo").Expect(0).Error;
        Assert.Contains("no Q4_K_M, so it gives m-Q5_0, the first of m-Q5_0, m-Q8_0", error, StringComparison.Ordinal);
        Assert.Equal(["owner/repo/m-Q5_0.gguf"], _hub.Saved);
    }

    [Theory]
    [InlineData("hf:owner/repo:Q9", "no file of quantization Q9; it has m-Q8_0")]
    [InlineData("hf:owner/other", "the server answers 404 Not Found; check the name; a private or gated model needs")]
    [InlineData("hf:owner", "expected hf:OWNER/REPO[:QUANT]")]
    [InlineData("hf:", "expected hf:OWNER/REPO[:QUANT]")]
    [InlineData("hf:owner/..", "expected hf:OWNER/REPO[:QUANT]")]
    [InlineData("hf:owner/nul", "expected hf:OWNER/REPO[:QUANT]")]
    [InlineData("hf:owner/repo/x", "expected hf:OWNER/REPO[:QUANT]")]
    [InlineData("hf:owner/repo:", "expected hf:OWNER/REPO[:QUANT]")]
    [InlineData("hf:owner/repo?x:Q8_0", "expected hf:OWNER/REPO[:QUANT]")]
    public void Pull_NoSuchModel_IsOneLine(string reference, string expected)
    {
        _hub.Add("m-Q8_0.gguf");
        Assert.Contains(expected, _hub.Run("pull", reference).ExpectErrorLine(1), StringComparison.Ordinal);
        Assert.Contains(expected, _hub.Run("info", reference).ExpectErrorLine(1), StringComparison.Ordinal);
        Assert.Empty(_hub.Saved);
    }

    [Fact]
    public void Pull_SplitModel_SavesAllParts()
    {
        byte[][] parts = ModelCopies.Split(2);
        _hub.Add("Q4_K_M/m-Q4_K_M-00002-of-00002.gguf", parts[1]);
        _hub.Add("Q4_K_M/m-Q4_K_M-00001-of-00002.gguf", parts[0]);
        _hub.Add("m-Q8_0-00001-of-00002.gguf");
        string text = _hub.Run("pull", "hf:owner/repo").Expect(0).Error;
        Assert.Contains("llama, runs here; 1.2 MB to download", text, StringComparison.Ordinal);
        Assert.Equal(["owner/repo/m-Q4_K_M-00001-of-00002.gguf", "owner/repo/m-Q4_K_M-00002-of-00002.gguf"], _hub.Saved);
        string error = _hub.Run("pull", "hf:owner/repo:Q8_0").ExpectErrorLine(1);
        Assert.Contains("the repository has 1 of the 2 files of m-Q8_0", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Remove_Reference_DeletesWhatThePullMade()
    {
        byte[][] parts = ModelCopies.Split(2);
        _hub.Add("m-Q4_K_M-00001-of-00002.gguf", parts[0]);
        _hub.Add("m-Q4_K_M-00002-of-00002.gguf", parts[1]);
        _hub.Add("m-Q8_0.gguf", "m-F16.gguf");
        foreach (string reference in (string[])["hf:owner/repo", "hf:owner/repo:q8_0", "hf:owner/repo:F16"])
        {
            _hub.Run("pull", reference).Expect(0);
        }

        Assert.Contains("removed owner/repo/m-Q4_K_M (", _hub.Run("rm", "hf:owner/repo").Expect(0).Error, StringComparison.Ordinal);
        Assert.Equal(["owner/repo/m-F16.gguf", "owner/repo/m-Q8_0.gguf"], _hub.Saved);
        string error = _hub.Run("rm", "hf:owner/repo").ExpectErrorLine(1);
        Assert.Contains("several models have this name: owner/repo/m-F16, owner/repo/m-Q8_0", error, StringComparison.Ordinal);
        error = _hub.Run("rm", "hf:owner/repo:Q5_0").ExpectErrorLine(1);
        Assert.Contains("no model here has this quantization; found owner/repo/m-F16, owner", error, StringComparison.Ordinal);
        _hub.Run("rm", "hf:owner/repo:Q8_0").Expect(0);
        Assert.Equal(["owner/repo/m-F16.gguf"], _hub.Saved);
        _hub.Run("rm", "hf:owner/repo").Expect(0);
        Assert.Empty(_hub.Saved);
        Assert.Contains("no such model in", _hub.Run("rm", "hf:owner/repo").ExpectErrorLine(1), StringComparison.Ordinal);
        Assert.Contains("expected hf:OWNER/REPO", _hub.Run("rm", "hf:owner").ExpectErrorLine(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_Output_NamesAnotherFolder()
    {
        using var folder = new TemporaryFolder();
        _hub.Add("m-Q8_0.gguf");
        _hub.Run("pull", "hf:owner/repo", "--output", folder.Path).Expect(0);
        Assert.True(File.Exists(folder.File("m-Q8_0.gguf")));
        string error = _hub.Run("pull", "hf:owner/repo", "--sha256", new string('0', 64)).ExpectErrorLine(2);
        Assert.Contains("--sha256", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Info_HubModel_DownloadsItAtTheFirstUseOnly()
    {
        _hub.Add("stories-F32.gguf", File.ReadAllBytes(Edgert.Stories));
        Assert.Contains("yes, with", _hub.Run("info", "hf:owner/repo").Expect(0).Output, StringComparison.Ordinal);
        Assert.Equal(2, _hub.Targets.Count());
        foreach (string reference in (string[])["hf:owner/repo", "hf:owner/repo:f32"])
        {
            EdgertResult result = _hub.Run("info", reference, "--json").Expect(0);
            Assert.True(result.Json.GetProperty("runs_here").GetBoolean());
            Assert.Empty(result.Error);
        }

        Assert.Equal(2, _hub.Targets.Count());
    }
}
