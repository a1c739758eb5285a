using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Kernels;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>Whole models against logits of the same F16 weights computed in float32.</summary>
public sealed class ConformanceTests
{
    private const double Bound = 1e-6;

    public static IEnumerable<TheoryDataRow<string, string, int>> Cases() =>
        from fixture in new[] { "llama-dense" }
        from isa in InstructionSet.All
        from chunk in new[] { int.MaxValue, 7, 1 }
        select new TheoryDataRow<string, string, int>(fixture, isa.Name, chunk);

    [Theory]
    [MemberData(nameof(Cases))]
    public void ForwardAll_OfAReferenceModel_GivesItsLogits(string fixture, string isa, int chunk)
    {
        IsaSupport.Require(isa);
        var reference = LogitsFile.Read(SharedData.Require($"conformance/architectures/{fixture}.logits"));
        using var model = LanguageModel.Load(SharedData.Require($"conformance/architectures/{fixture}.gguf"), new ModelOptions { InstructionSet = isa });
        float[] logits = ModelRunner.Logits(model, reference.Tokens, System.Math.Min(chunk, reference.Tokens.Length), KvCacheType.F32);
        Assert.InRange(reference.NormalizedError(logits), 0, Bound);
    }
}
