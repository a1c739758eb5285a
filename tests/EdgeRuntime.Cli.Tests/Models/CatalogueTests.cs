using System;
using System.Linq;
using EdgeRuntime.Cli.Models;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Models;

public sealed class CatalogueTests
{
    [Fact]
    public void Bundled_Entries_AreWellFormed()
    {
        Catalogue catalogue = Catalogue.LoadBundled();
        Assert.True(catalogue.Entries.Count >= 10);
        Assert.Equal(
            catalogue.Entries.Count, catalogue.Entries.Select(entry => entry.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(catalogue.Entries, entry =>
        {
            Assert.Equal("https", entry.Url.Scheme);
            Assert.EndsWith(".gguf", entry.FileName, StringComparison.Ordinal);
            Assert.Matches("^[0-9a-f]{64}$", entry.Sha256 ?? new string('0', 64));
            Assert.True(entry.Size is null or > 0);
            Assert.NotEmpty(entry.Licence);
        });
    }

    [Fact]
    public void Bundled_Architectures_RunInThisBuild() =>
        Assert.All(Catalogue.LoadBundled().Entries, entry => Assert.Contains(entry.Architecture, ModelInspection.SupportedArchitectures));
}
