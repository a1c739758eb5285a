using System;
using System.IO;
using System.Linq;
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
