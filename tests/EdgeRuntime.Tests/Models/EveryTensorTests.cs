using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Gguf;
using EdgeRuntime.Tests.Support;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>A tensor too many, too few or of another shape is refused by name, in every family.</summary>
public sealed class EveryTensorTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("edgert-tensors-").FullName;

    public static IEnumerable<TheoryDataRow<string>> Fixtures() => ConformanceTests.Fixtures();

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Load_WithATensorTooMany_NamesIt(string fixture)
    {
        string path = Write(fixture, static (name, _) => name == "token_embd.weight" ? [name, "blk.0.surplus.weight"] : [name]);
        Assert.Contains("blk.0.surplus.weight", Refusal(path), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Load_WithoutATensor_NamesIt(string fixture)
    {
        string path = Write(fixture, static (name, first) => name == first ? [] : [name]);
        Assert.Contains("blk.0.", Refusal(path), StringComparison.Ordinal);
    }

    private static string Refusal(string path)
    {
        Exception error = Assert.ThrowsAny<Exception>(() => LanguageModel.Load(path).Dispose());
        Assert.True(error is ModelFormatException or UnsupportedModelException, error.ToString());
        Assert.DoesNotContain('\n', error.Message);
        return error.Message;
    }

    /// <summary>Writes the fixture with each tensor under the names that a function of its name and the first norm's returns.</summary>
    private string Write(string fixture, Func<string, string, string[]> choose)
    {
        using GgufFile source = GgufFile.Open(ConformanceTests.PathOf(fixture));
        string first = source.Tensors.First(static tensor => tensor.Name.StartsWith("blk.0.", StringComparison.Ordinal)
            && tensor.Name.EndsWith("norm.weight", StringComparison.Ordinal)).Name;
        return ModelCopy.Write(
            Path.Combine(_root, "m.gguf"),
            source,
            source.Tensors.SelectMany(tensor => choose(tensor.Name, first).Select(name => TensorCopy.Of(tensor) with { Name = name })));
    }
}
