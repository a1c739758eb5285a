using System;
using System.IO;
using System.Linq;
using EdgeRuntime.Onnx.Split;
using EdgeRuntime.Tests.SideCar;
using EdgeRuntime.TestSupport;
using EdgeRuntime.Tuning;
using Xunit;

namespace EdgeRuntime.Onnx.Tests.Runtime;

/// <summary>
/// The choice of a device lies in the tuning profile of the model. Alone, because the folder of profiles is a variable of the process.
/// </summary>
[Collection(nameof(AutoDeviceTests))]
[CollectionDefinition(nameof(AutoDeviceTests), DisableParallelization = true)]
public sealed class AutoDeviceTests : IDisposable
{
    private const string Measured = "Measured";

    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-auto-").FullName;
    private readonly string? _before = Environment.GetEnvironmentVariable(TuningProfiles.EnvironmentVariable);

    public AutoDeviceTests() => Environment.SetEnvironmentVariable(TuningProfiles.EnvironmentVariable, Profiles);

    private string Profiles => Path.Combine(_folder, "profiles");

    private string Cache => Path.Combine(_folder, "onnx");

    private string Profile => Directory.GetFiles(Profiles).Single();

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(TuningProfiles.EnvironmentVariable, _before);
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Load_SecondTime_ReadsTheChoiceFromTheProfile()
    {
        EventRecorder first = Load();
        Assert.Contains(Measured, first.Names);
        Assert.Empty(Directory.GetFiles(Cache));
        DeviceTuning kept = TuningFile.Load(Profile).Device!;
        Assert.Equal(["cpu", "onnx-cpu"], kept.Candidates.Take(2));
        Assert.All(kept.Measurements, static each => Assert.True(each.PrefillTokensPerSecond > 0 && each.DecodeTokensPerSecond > 0));

        EventRecorder second = Load();
        Assert.DoesNotContain(Measured, second.Names);
        Assert.Empty(second.Warnings);
    }

    [Theory]
    [InlineData("\"onnxruntime\": \"", "\"onnxruntime\": \"0.")]
    [InlineData("\"candidates\": [", "\"candidates\": [ \"cuda\",")]
    public void Load_WithAnotherRuntimeOrOtherDevices_MeasuresAgain(string text, string replacement)
    {
        Load();
        Replace(text, replacement);
        EventRecorder second = Load();
        Assert.Contains(Measured, second.Names);
        Assert.Empty(second.Warnings);
        Assert.DoesNotContain(Measured, Load().Names);
    }

    [Theory]
    [InlineData("{", "")]
    [InlineData("\"chosen\": true", "\"chosen\": false")]
    [InlineData("\"cores\": ", "\"cores\": 9")]
    public void Load_WithAProfileThatIsWrong_WarnsOnceAndMeasuresAgain(string text, string replacement)
    {
        Load();
        Replace(text, replacement);
        EventRecorder second = Load();
        Assert.Contains(Measured, second.Names);
        Assert.StartsWith("Ignored the tuning profile ", Assert.Single(second.Warnings), StringComparison.Ordinal);
        EventRecorder third = Load();
        Assert.Empty(third.Warnings);
        Assert.DoesNotContain(Measured, third.Names);
    }

    /// <summary>The processor takes 1 ms for each token; the device 2 ms, and 0.25 ms for each further one of a prompt.</summary>
    /// <param name="copy">Milliseconds of the copy of 64 positions.</param>
    /// <param name="fewest">The fewest tokens that the device computes.</param>
    [Theory]
    [InlineData(0, 3)] // 3 ms against 2.5 ms; 2 against 2.25 with two tokens
    [InlineData(16, 4)] // 4 ms against 3.75 ms
    [InlineData(36, 10)] // 10 ms against 9.875 ms
    [InlineData(80, 64)]
    public void Load_OfASplitModel_GivesTheDevicePromptsThatItComputesFaster(double copy, int fewest)
    {
        Load();
        TuningFile file = TuningFile.Load(Profile);
        TuningMeasurement Of(string name, double prompt, double token) => new(
            DeviceTuning.Step, name, 64 / prompt * 1000, 1 / token * 1000, name.EndsWith("split", StringComparison.Ordinal));
        TuningProfiles.Keep(file.Key, file.Device! with
        {
            Measurements =
            [
                Of("cpu", 64, 1), Of("onnx-cpu", 17.75, 2), Of("onnx-cpu split", 17.75, 1 + (copy / 16)),
            ],
        });
        using LanguageModel model = new AutoDevice(Cache, [OnnxDevice.Cpu()]).Load(TestModels.Stories, new ModelOptions { Threads = 1 });
        Assert.Equal(fewest, Assert.IsType<SplitEngine>(model.Engine).FewestTokens);
    }

    [Fact]
    public void Load_WithoutProfiles_MeasuresAndKeepsNothing()
    {
        Assert.Contains(Measured, Load(usesProfile: false).Names);
        Assert.False(Directory.Exists(Profiles));
    }

    [Fact]
    public void Load_WhereNothingCanBeKept_WarnsAndRuns()
    {
        File.WriteAllText(Profiles, "");
        Assert.StartsWith("The choice of a device can't be kept", Assert.Single(Load().Warnings), StringComparison.Ordinal);
    }

    private EventRecorder Load(bool usesProfile = true)
    {
        var log = new EventRecorder();
        var options = new ModelOptions { Threads = 1, LoggerFactory = log, UseTuningProfile = usesProfile };
        using LanguageModel model = new AutoDevice(Cache, [OnnxDevice.Cpu()]).Load(TestModels.Stories, options);
        using ModelSession session = model.CreateSession();
        Assert.Equal(model.VocabularySize, session.Forward([1, 2, 3]).Length);
        return log;
    }

    private void Replace(string text, string replacement)
    {
        string json = File.ReadAllText(Profile);
        int at = json.IndexOf(text, StringComparison.Ordinal);
        File.WriteAllText(Profile, json.Remove(at, text.Length).Insert(at, replacement));
    }
}
