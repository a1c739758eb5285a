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

    /// <summary>The chosen mix is measured, and the profile of a search keeps what that says about mixes.</summary>
    [Fact]
    public void Run_TokensPerSecond_KeepsWhatAMixCosts()
    {
        MixPlan plan = Run(MixBudget.OfTokensPerSecond(1));
        string path = Path.Combine(_folder, "device.json");
        plan.Device!.Save(path);
        var device = DeviceProfile.Load(path);
        Assert.NotEqual(1, device.MixFactor);
        Assert.Equal(plan.Device.MixFactor, device.MixFactor);
        MixPlan again = Run(MixBudget.OfTokensPerSecond(1), device: device);
        Assert.Equal(plan.Types, again.Types);
        Assert.InRange(again.TokensPerSecond!.Value / plan.TokensPerSecond!.Value, 0.999, 1.001);
    }

    /// <summary>The profile knows three types; the search leaves out IQ4_NL, which is as small as Q4_0 and better.</summary>
    [Fact]
    public void Run_DeviceProfile_ChoosesItsTypesByItsSpeeds()
    {
        string path = Path.Combine(_folder, "device.json");
        File.WriteAllText(path, """
            { "version": 1, "processor": "board", "threads": 4, "model": "other.gguf", "weights_per_token": 1e6,
              "seconds_per_token": { "Q4_0": 1e-3, "Q8_0": 3e-3, "F16": 9e-3 } }
            """);
        var device = DeviceProfile.Load(path);
        MixPlan fast = Run(MixBudget.OfTokensPerSecond(1), device: device);
        Assert.Equal([TensorType.F16], fast.Types.Values.Distinct());
        MixPlan faster = Run(MixBudget.OfTokensPerSecond(1.5 * fast.TokensPerSecond!.Value), device: device);
        Assert.Subset(
            new HashSet<TensorType> { TensorType.F16, TensorType.Q4_0, TensorType.Q8_0 }, faster.Types.Values.ToHashSet());
        Assert.True(faster.Types.Values.Distinct().Count() > 1);
        Assert.InRange(faster.TokensPerSecond!.Value / fast.TokensPerSecond.Value, 1.5, 9);
        Assert.Same(device, faster.Device);
        Assert.StartsWith(
            "no mix is so fast on board; the fastest one decodes",
            Assert.Throws<ArgumentException>(() => Run(MixBudget.OfTokensPerSecond(1e9), device: device)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void DeviceProfile_SaveAndLoad_KeepsAll()
    {
        DeviceProfile measured = DeviceProfile.Measure(_model, threads: 1);
        string path = Path.Combine(_folder, "device.json");
        measured.Save(path);
        var loaded = DeviceProfile.Load(path);
        Assert.Equal(measured.SecondsPerToken, loaded.SecondsPerToken);
        Assert.Equal(
            (measured.Processor, measured.Threads, measured.Model, measured.WeightsPerToken),
            (loaded.Processor, loaded.Threads, loaded.Model, loaded.WeightsPerToken));
        Assert.Contains(TensorType.IQ1_S, loaded.SecondsPerToken.Keys);
    }

    [Theory]
    [InlineData("""{ "tensors": {} }""", "expected a profile by DeviceProfile.Measure")]
    [InlineData("""{ "version": 2, "seconds_per_token": { "Q4_0": 1 } }""", "version")]
    [InlineData("""{ "version": 1, "seconds_per_token": { "Q4_9": 1 } }""", "the name of a tensor type as key")]
    [InlineData("""{ "version": 1, "seconds_per_token": { "Q4_0": 0 } }""", "a number from 1E-09 to 1000000000")]
    [InlineData("""{ "version": 1, "seconds_per_token": { "Q4_0": 1e-300 } }""", "a number from 1E-09 to 1000000000")]
    [InlineData(
        """{ "version": 1, "processor": "x", "threads": 1, "model": "", "weights_per_token": 1e300, "seconds_per_token": { "Q4_0": 1 } }""",
        "weights_per_token: found 1e300")]
    [InlineData("hello", "is not valid JSON: line 1, byte 1: found 'hello'; expected a profile by DeviceProfile.Measure")]
    [InlineData("", "is not valid JSON: found nothing; expected a profile by DeviceProfile.Measure")]
    [InlineData("{\n  \"version\":", "is not valid JSON: line 2, byte 13: found the end; expected a profile by DeviceProfile.Measure")]
    [InlineData("[]", "found a JSON array, expected a profile by DeviceProfile.Measure")]
    public void DeviceProfile_WrongFile_IsRefused(string text, string expected)
    {
        string path = Path.Combine(_folder, "device.json");
        File.WriteAllText(path, text);
        Assert.Contains(
            expected, Assert.Throws<ModelFormatException>(() => DeviceProfile.Load(path)).Message, StringComparison.Ordinal);
    }

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
        Assert.Throws<OperationCanceledException>(() => Run(MixBudget.OfBitsPerWeight(8), path, progress, cancellationToken: source.Token));
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
    [InlineData("""{ "version": 1 }""", "version: found 1, expected 2")]
    [InlineData("""{ "version": 2, "of": "x" }""", "measurements of another model, text or importance matrix")]
    public void Run_OtherMeasurements_AreRefused(string content, string expected)
    {
        string path = Path.Combine(_folder, "measurements.json");
        File.WriteAllText(path, content);
        string message = Assert.Throws<ModelFormatException>(() => Run(MixBudget.OfBitsPerWeight(8), path)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(path));
    }

    [Fact]
    public void Run_DamagedMeasurements_AreRefused()
    {
        string path = Path.Combine(_folder, "measurements.json");
        Run(MixBudget.OfBitsPerWeight(8), path);
        string content = File.ReadAllText(path).Replace("\"Q4_0\": 0.0", "\"Q4_0\": 0.1", StringComparison.Ordinal);
        File.WriteAllText(path, content);
        string message = Assert.Throws<ModelFormatException>(() => Run(MixBudget.OfBitsPerWeight(8), path)).Message;
        Assert.Contains("the file is damaged; delete it", message, StringComparison.Ordinal);
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
    [InlineData("[]", "found a JSON array, expected a plan by MixSearch.Run")]
    [InlineData("x", "line 1, byte 1: found 'x'; expected a plan by MixSearch.Run")]
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
        MixBudget budget,
        string? measurements = null,
        IProgress<float>? progress = null,
        DeviceProfile? device = null,
        CancellationToken cancellationToken = default)
    {
        int[] tokens = _model.Tokenizer.Encode(
            "Once upon a time, there was a little girl named Lily. She loved to play outside in the park with her dog. One day, the dog "
            + "found a big red ball under a tree, and they played with it until the sun went down and it was time to go home for dinner.");
        var options = new MixSearchOptions { Threads = 1, MeasurementsFile = measurements, Device = device };
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
