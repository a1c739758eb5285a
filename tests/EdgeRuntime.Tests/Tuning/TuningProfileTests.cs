using System;
using System.IO;
using System.Linq;
using EdgeRuntime.Gguf;
using EdgeRuntime.Kernels;
using EdgeRuntime.TestSupport;
using EdgeRuntime.Tuning;
using Xunit;

namespace EdgeRuntime.Tests.Tuning;

public sealed class TuningProfileTests : IDisposable
{

    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-test-").FullName;

    private string ProfilePath => Path.Combine(_folder, "deep", "profile.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Load_OfASavedProfile_GivesItBack()
    {
        TuningProfile saved = Profile();
        saved.Save(ProfilePath);
        saved.Save(ProfilePath);
        TuningProfile loaded = TuningProfile.Load(ProfilePath);
        Assert.Equal(saved.Choice, loaded.Choice);
        Assert.Equal(saved.Measurements, loaded.Measurements);
        Assert.Null(saved.Key.DifferenceTo(loaded.Key));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(ProfilePath)!));
    }

    [Fact]
    public void Save_OverAFileWithADevice_KeepsTheDevice()
    {
        var device = new DeviceTuning("1.30.0", ["cpu", "webgpu"], [new(DeviceTuning.Step, "webgpu", 1000, 100, true)]);
        new TuningFile(Key(), Settings: null, device).Save(ProfilePath);
        string message = Assert.Throws<InvalidDataException>(() => TuningProfile.Load(ProfilePath)).Message;
        Assert.Contains("no settings; ModelTuner.Run adds them", message, StringComparison.Ordinal);

        Profile().Save(ProfilePath);
        Assert.Equal(Profile().Choice, TuningProfile.Load(ProfilePath).Choice);
        Assert.Equal("webgpu", TuningFile.Load(ProfilePath).Device!.Chosen);

        File.WriteAllText(ProfilePath, "damaged");
        Profile().Save(ProfilePath);
        Assert.Null(TuningFile.Load(ProfilePath).Device);
    }

    [Theory]
    [InlineData("\"version\": 1", "\"version\": 2", "version 2")]
    [InlineData("\"threads\": 1", "\"threads\": 0", "threads 0")]
    [InlineData("\"threads\": 1", "\"threads\": 99999", "threads 99999")]
    [InlineData("\"threads\": 1", "\"threads\": 1.5", "not a tuning profile")]
    [InlineData("\"threads\": 1", "\"threads\": \"1\"", "not a tuning profile")]
    [InlineData("\"batch_tokens\": 256", "\"batch_tokens\": 2000000000", "batch_tokens")]
    [InlineData("\"isa_decode\": \"scalar\"", "\"isa_decode\": \"avx4096\"", "isa_decode 'avx4096'")]
    [InlineData("\"kv_type\": \"f32\"", "\"kv_type\": \"q2\"", "kv_type 'q2'")]
    [InlineData("\"choice\"", "\"choices\"", "not a tuning profile")]
    [InlineData("{", "", "not valid JSON")]
    [InlineData("\"choice\"", "\"runtime\": \"twice\", \"choice\"", "not valid JSON")]
    public void Load_OfADamagedProfile_IsRefused(string text, string damaged, string reason)
    {
        Profile().Save(ProfilePath);
        string json = File.ReadAllText(ProfilePath);
        int at = json.IndexOf(text, StringComparison.Ordinal);
        File.WriteAllText(ProfilePath, json.Remove(at, text.Length).Insert(at, damaged));
        Assert.Contains(
            reason, Assert.Throws<InvalidDataException>(() => TuningProfile.Load(ProfilePath)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OfWhatIsNoFileOrTooLarge_IsRefused()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(ProfilePath)!);
        Unix.MakePipe(ProfilePath);
        Assert.Contains(
            "is a pipe", Assert.ThrowsAny<IOException>(() => TuningProfile.Load(ProfilePath)).Message, StringComparison.Ordinal);
        File.Delete(ProfilePath);
        File.WriteAllBytes(ProfilePath, new byte[TuningFile.MaxFileBytes + 1]);
        string message = Assert.ThrowsAny<IOException>(() => TuningProfile.Load(ProfilePath)).Message;
        Assert.Contains("more than 1048576 bytes", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OfMutatedBytes_IsAProfileOrRefused()
    {
        const int Seed = 5;
        var random = new Random(Seed);
        Profile().Save(ProfilePath);
        byte[] good = File.ReadAllBytes(ProfilePath);
        for (int round = 0; round < 500; round++)
        {
            byte[] bad = good[..random.Next(good.Length + 1)];
            for (int i = random.Next(4); i > 0 && bad.Length > 0; i--)
            {
                bad[random.Next(bad.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(ProfilePath, bad);
            try
            {
                Assert.InRange(TuningProfile.Load(ProfilePath).Choice.Threads, 1, ModelOptions.MaxThreads);
            }
            catch (InvalidDataException)
            {
                // The expected outcome; any other exception fails the test.
            }
        }
    }

    [Fact]
    public void DifferenceTo_AnotherMachineModelOrVersion_IsNamed()
    {
        TuningKey key = Key();
        Assert.Contains("processor 'Z80'", key.DifferenceTo(key with { Processor = "Z80" }), StringComparison.Ordinal);
        Assert.Contains("99 cores", key.DifferenceTo(key with { Cores = 99 }), StringComparison.Ordinal);
        Assert.Contains("mmx", key.DifferenceTo(key with { InstructionSets = ["mmx"] }), StringComparison.Ordinal);
        Assert.Contains("another shape", key.DifferenceTo(key with { ModelShape = "0" }), StringComparison.Ordinal);
        Assert.Contains("version 9", key.DifferenceTo(key with { Runtime = "9" }), StringComparison.Ordinal);
    }

    [Fact]
    public void Key_OfModelsOfDifferentTypes_Differs()
    {
        using GgufFile other = GgufFile.Open(SharedData.Require("small-models/tiny-novel-F16.gguf"));
        using GgufFile quantized = GgufFile.Open(SharedData.Require("small-models/tiny-novel-Q4_K_M.gguf"));
        Assert.NotEqual(TuningKey.Of(other).FileName, TuningKey.Of(quantized).FileName);
        Assert.NotEqual(Key().FileName, TuningKey.Of(other).FileName);
    }

    [Fact]
    public void Run_OnTheSmallModel_ChoosesWhatCanBeUsed()
    {
        TuningProfile profile = ModelTuner.Run(
            TestModels.Stories, new TuningOptions { TimeLimit = TimeSpan.FromSeconds(0.5) },
            cancellationToken: TestContext.Current.CancellationToken);
        profile.Save(ProfilePath);
        Assert.Equal(profile.Choice, TuningProfile.Load(ProfilePath).Choice);
        Assert.Contains(profile.Choice.KvCacheType, new[] { KvCacheType.F16, KvCacheType.F32 });
        Assert.All(
            profile.Measurements,
            measurement => Assert.True(measurement.PrefillTokensPerSecond > 0 || measurement.DecodeTokensPerSecond > 0));
    }

    [Fact]
    public void Forward_AnyPairOfInstructionSets_GivesTheSameLogits()
    {
        int[] tokens = [.. Enumerable.Range(0, 40).Select(i => (i * 37 % 500) + 3)];
        float[]? expected = null;
        string[] supported = [.. InstructionSet.All.Where(set => set.IsSupported).Select(set => set.Name)];
        foreach (string prefill in supported)
        {
            foreach (string decode in supported)
            {
                using var model = LanguageModel.Load(
                    SharedData.Require("small-models/tiny-novel-Q4_K_M.gguf"),
                    new ModelOptions { InstructionSet = prefill, DecodeInstructionSet = decode });
                Assert.Equal((prefill, decode), (model.InstructionSet, model.DecodeInstructionSet));
                using ModelSession session = model.CreateSession();
                int first = 0;
                foreach (int count in (int[])[17, 1, 2, 3, 4, 5, 7, 1])
                {
                    session.Forward(tokens.AsSpan(first, count));
                    first += count;
                }

                expected ??= session.Forward([5]).ToArray();
                session.Truncate(first);
                Assert.Equal(expected, session.Forward([5]).ToArray());
            }
        }
    }

    private static TuningKey Key()
    {
        using GgufFile file = GgufFile.Open(TestModels.Stories);
        return TuningKey.Of(file);
    }

    private static TuningProfile Profile() => new(
        Key(),
        new TuningChoice(1, "scalar", "scalar", KvCacheType.F32, 256),
        [new("threads", "2", 1000.5, 99.25, false), new("threads", "1", 1200, 100, true), new("batch", "256", 1300, null, true)]);
}
