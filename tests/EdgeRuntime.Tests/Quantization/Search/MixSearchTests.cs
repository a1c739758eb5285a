using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Quantization;
using EdgeRuntime.Quantization.Search;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Quantization.Search;

public sealed class MixSearchTests : IDisposable
{
    private const int ChunkTokens = 48;

    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-mix-").FullName;
    private readonly LanguageModel _model = LanguageModel.Load(TestModels.Stories, new ModelOptions { Threads = 1 });

    public void Dispose()
    {
        _model.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Run_BitsPerWeight_ChoosesAMixThatIsAsPredictedAndNoLarger()
    {
        MixPlan plan = Run(MixBudget.OfBitsPerWeight(8));
        Assert.InRange(plan.BitsPerWeight, 7.5, 8);
        Assert.InRange(plan.MeasuredDivergence / plan.PredictedDivergence, 0.2, 5);
        Assert.True(plan.Types.Values.Distinct().Count() > 1);
        Assert.Equal(plan.Curve.OrderByDescending(static point => point.Divergence), plan.Curve);
        string path = Path.Combine(_folder, "mix.gguf");
        ModelQuantizer.Run(TestModels.Stories, path, new QuantizationOptions
        {
            Mix = QuantizationMix.MostlyOf(plan.Types.Values),
            NamedTypes = plan.Types,
        });
        using GgufFile file = GgufFile.Open(path);
        Assert.All(plan.Types, pair => Assert.Equal(pair.Value, file.FindTensor(pair.Key)!.Type));
    }

    [Fact]
    public void Run_Divergence_IsWithinTheLimit()
    {
        const double Limit = 0.01;
        MixPlan plan = Run(MixBudget.OfDivergence(Limit));
        Assert.InRange(plan.MeasuredDivergence, Limit / 4, Limit);
    }

    [Fact]
    public void Run_TokensPerSecond_PredictsASpeed() =>
        Assert.True(Run(MixBudget.OfTokensPerSecond(1)).TokensPerSecond >= 1);

    [Fact]
    public void Run_TooSmallABudget_IsRefused()
    {
        Assert.StartsWith(
            "no mix is so small", Assert.Throws<ArgumentException>(() => Run(MixBudget.OfBytes(1000))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => MixBudget.OfBitsPerWeight(0));
        Assert.Throws<ArgumentException>(() => MixSearch.Run(_model, [new int[8], new int[9]], MixBudget.OfBytes(1000)));
    }

    [Fact]
    public void Run_AfterAnInterruption_GoesOnAndFindsTheSame()
    {
        string path = Path.Combine(_folder, "measurements.json");
        using var source = new CancellationTokenSource();
        var progress = new CancelAtHalf(source);
        Assert.Throws<OperationCanceledException>(() => Run(MixBudget.OfBitsPerWeight(8), path, progress, source.Token));
        long some = new FileInfo(path).Length;
        MixPlan resumed = Run(MixBudget.OfBitsPerWeight(8), path);
        Assert.True(new FileInfo(path).Length > some);
        byte[] all = File.ReadAllBytes(path);
        Assert.Equal(resumed.Types, Run(MixBudget.OfBitsPerWeight(8), path).Types);
        Assert.Equal(all, File.ReadAllBytes(path));
        Assert.Equal(resumed.Types, Run(MixBudget.OfBitsPerWeight(8)).Types);
    }

    [Theory]
    [InlineData("{", "is not valid JSON")]
    [InlineData("{}", "version: found nothing, expected a whole number")]
    [InlineData("""{ "version": 1, "of": "x" }""", "measurements of another model, text or importance matrix")]
    public void Run_OtherMeasurements_AreRefused(string content, string expected)
    {
        string path = Path.Combine(_folder, "measurements.json");
        File.WriteAllText(path, content);
        string message = Assert.Throws<ModelFormatException>(() => Run(MixBudget.OfBitsPerWeight(8), path)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(path));
    }

    [Fact]
    public void LoadTypes_OfASavedPlan_AreThePlans()
    {
        string path = Path.Combine(_folder, "plan.json");
        MixPlan plan = Run(MixBudget.OfBitsPerWeight(8));
        plan.Save(path);
        Assert.Equal(plan.Types.OrderBy(static pair => pair.Key), MixPlan.LoadTypes(path).OrderBy(static pair => pair.Key));
    }

    [Theory]
    [InlineData("""{ "tensors": { "a": "Q9" } }""", "tensors.a: found \"Q9\", expected one of F32")]
    [InlineData("{}", "has no 'tensors'")]
    [InlineData("[]", "expected an object")]
    public void LoadTypes_OtherFiles_AreRefused(string content, string expected)
    {
        string path = Path.Combine(_folder, "plan.json");
        File.WriteAllText(path, content);
        Assert.Contains(expected, Assert.Throws<ModelFormatException>(() => MixPlan.LoadTypes(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing.weight", "which the model lacks")]
    [InlineData("blk.0.attn_q.weight", "no whole blocks of it")]
    [InlineData("output_norm.weight", "keeps its type F32")]
    public void NamedTypes_ThatCannotBe_AreProblems(string tensor, string expected)
    {
        using GgufFile source = GgufFile.Open(TestModels.Stories);
        var plan = QuantizationPlan.Create(source, new QuantizationOptions
        {
            Mix = QuantizationMix.Find("Q8_0"),
            NamedTypes = new Dictionary<string, TensorType> { [tensor] = TensorType.Q4_K },
        });
        Assert.Contains(expected, Assert.Single(plan.Problems), StringComparison.Ordinal);
    }

    private MixPlan Run(
        MixBudget budget, string? measurements = null, IProgress<float>? progress = null, CancellationToken cancellationToken = default)
    {
        int[] tokens = _model.Tokenizer.Encode(
            "Once upon a time, there was a little girl named Lily. She loved to play outside in the park with her dog. One day, the dog "
            + "found a big red ball under a tree, and they played with it until the sun went down and it was time to go home for dinner.");
        var options = new MixSearchOptions { Threads = 1, MeasurementsFile = measurements };
        return MixSearch.Run(_model, [tokens[..ChunkTokens]], budget, options, progress, cancellationToken);
    }

    private sealed class CancelAtHalf(CancellationTokenSource source) : IProgress<float>
    {
        public void Report(float value)
        {
            if (value > 0.5f)
            {
                source.Cancel();
            }
        }
    }
}
