using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Architectures;
using EdgeRuntime.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>A model of every family of llama.cpp's architecture test gives its logits, or is refused by name.</summary>
public sealed class FamilyTests : IDisposable
{
    private const double Bound = 1e-6;

    /// <summary>
    /// Variants that only llama.cpp's test has and that its graph computes without a part of the layer: experts of Refact, and layers
    /// without experts in ERNIE 4.5.
    /// </summary>
    private static readonly string[] s_refusedVariants = ["refact-moe", "ernie4_5-moe-moe"];

    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-family-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static IEnumerable<TheoryDataRow<string>> Models() =>
        RandomModels.Names().Where(IsComputed).Select(static name => new TheoryDataRow<string>(name));

    public static IEnumerable<TheoryDataRow<string>> RefusedModels() =>
        RandomModels.Names().Where(static name => !IsComputed(name)).Select(static name => new TheoryDataRow<string>(name));

    [Theory]
    [MemberData(nameof(Models))]
    public void ForwardAll_OfEachFamily_GivesItsLogits(string name)
    {
        using var model = LanguageModel.Load(Make(name));
        LogitsFile reference = LogitsFile.Read(RandomModels.LogitsOf(name));
        using ModelSession session =
            model.CreateSession(new SessionOptions { ContextLength = reference.Tokens.Length, KvCacheType = KvCacheType.F32 });

        // A model that can't generate attends to later positions: it computes a text as a whole.
        foreach (int chunk in session.CanGenerate ? (int[])[reference.Tokens.Length, 7, 1] : [reference.Tokens.Length])
        {
            float[] logits = ModelRunner.Logits(model, reference.Tokens, chunk, KvCacheType.F32);
            Assert.InRange(reference.NormalizedError(logits), 0, Bound);
        }

        float[] whole = session.ForwardAll(reference.Tokens).ToArray();
        session.Truncate(13);
        Assert.Equal(whole[(13 * model.VocabularySize)..], session.ForwardAll(reference.Tokens.AsSpan(13)).ToArray());
    }

    [Theory]
    [MemberData(nameof(RefusedModels))]
    public void Load_OfAFamilyThatIsNotComputed_IsRefusedByName(string name)
    {
        string path = Make(name);
        Exception error = Assert.Throws<UnsupportedModelException>(() => LanguageModel.Load(path));
        Assert.Contains($"'{FamilyOf(name)}'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    /// <summary>The fixtures of the shared data have weights of a normal distribution.</summary>
    [Fact]
    public void ForwardAll_OfTheSharedModels_GivesTheirLogits()
    {
        List<string> faults = [];
        foreach (string path in SharedData.RequireFiles("conformance/architectures", "*.gguf")
            .Where(static path => IsComputed(Path.GetFileNameWithoutExtension(path))))
        {
            LogitsFile reference = LogitsFile.Read(Path.ChangeExtension(path, ".logits"));
            using var model = LanguageModel.Load(path);
            double error =
                reference.NormalizedError(ModelRunner.Logits(model, reference.Tokens, reference.Tokens.Length, KvCacheType.F32));
            if (!(error < Bound))
            {
                faults.Add($"{Path.GetFileName(path)}: {error:e1}");
            }
        }

        Assert.Empty(faults);
    }

    /// <summary>The README lists the families, so that none drops out unnoticed.</summary>
    internal static bool IsComputed(string name) =>
        Architecture.All.Any(known => known.Name == FamilyOf(name)) && !s_refusedVariants.Contains(name);

    /// <summary>Gets the family of a model: its name ends in <c>-dense</c> or <c>-moe</c>.</summary>
    private static string FamilyOf(string name) => name[..name.LastIndexOf('-')];

    private string Make(string name)
    {
        string path = Path.Combine(_folder, "model.gguf");
        RandomModels.Make(name, path);
        return path;
    }
}
