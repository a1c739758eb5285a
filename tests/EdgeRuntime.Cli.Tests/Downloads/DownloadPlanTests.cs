using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Downloads;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Downloads;

public sealed class DownloadPlanTests
{
    [Fact]
    public void Create_PartOfASplitModel_KeepsQueryAndEscapes()
    {
        var url = new Uri("https://u:p@h.example/a%20b-00002-of-00003.gguf?token=1");
        IReadOnlyList<Download> parts = DownloadPlan.Create(url, "folder", 9, []);
        Assert.Equal(
            ["/a%20b-00001-of-00003.gguf?token=1", "/a%20b-00002-of-00003.gguf?token=1", "/a%20b-00003-of-00003.gguf?token=1"],
            parts.Select(part => part.Url.PathAndQuery));
        Assert.All(parts, part => Assert.Equal("u:p", part.Url.UserInfo));
        Assert.Equal(Path.Combine("folder", "a b-00003-of-00003.gguf"), parts[2].Target);
        Assert.Equal([null, 9L, null], parts.Select(part => part.Size));
    }

    [Fact]
    public void Create_OneChecksum_BelongsToTheNamedPart() =>
        Assert.Equal([null, "x", null], Create("m-00002-of-00003.gguf", "x").Select(part => part.Sha256));

    [Fact]
    public void Create_ChecksumForEachPart_KeepsTheirOrder() =>
        Assert.Equal(["x", "y"], Create("m-00002-of-00002.gguf", "x", "y").Select(part => part.Sha256));

    [Theory]
    [InlineData("m.gguf", 2)]
    [InlineData("m-00001-of-00003.gguf", 2)]
    [InlineData("m-00001-of-00003.gguf", 4)]
    public void Create_OtherNumberOfChecksums_Throws(string name, int checksums) =>
        Assert.Throws<FormatException>(() => Create(name, [.. Enumerable.Repeat("x", checksums)]));

    [Theory]
    [InlineData("m-00001-of-00000.gguf")]
    [InlineData("m-00000-of-00000.gguf")]
    [InlineData("m-00000-of-00003.gguf")]
    [InlineData("m-00004-of-00003.gguf")]
    [InlineData("m-00001-of-99999.gguf")]
    [InlineData("-00001-of-00003.gguf")]
    [InlineData("m%2D00001-of-00000.gguf")]
    public void Create_NonsensePartNumber_Throws(string name) =>
        Assert.Throws<FormatException>(() => Create(name));

    [Theory]
    [InlineData("m-00001-of-00001.gguf")]
    [InlineData("m-1-of-3.gguf")]
    [InlineData("m-%D9%A0%D9%A0%D9%A0%D9%A0%D9%A1-of-%D9%A0%D9%A0%D9%A0%D9%A0%D9%A3.gguf")]
    public void Create_OneFile_IsOneDownload(string name) =>
        Assert.Single(Create(name, "x"));

    private static IReadOnlyList<Download> Create(string name, params string[] sha256) =>
        DownloadPlan.Create(new Uri("https://h.example/" + name), "f", null, sha256);
}
