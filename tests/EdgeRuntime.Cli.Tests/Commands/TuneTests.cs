using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary>The command that measures settings, and the profiles that it writes.</summary>
public sealed class TuneTests(TuneTests.TunedModel tuned) : IClassFixture<TuneTests.TunedModel>, IDisposable
{
    // On a busy machine, nothing is measured in a few seconds.
    private const string Seconds = "12";

    private readonly TemporaryFolder _folder = new();

    private Dictionary<string, string?> Environment => new() { ["EDGERUNTIME_PROFILES"] = _folder.Path, ["EDGERUNTIME_ISA"] = null };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tune_SmallModel_WritesAProfileThatRunUses()
    {
        Assert.Contains("Chosen: ", tuned.Output, StringComparison.Ordinal);
        Assert.Contains(tuned.Profile, tuned.Output, StringComparison.Ordinal);
        string profile = CopyProfile();

        // Values that are not this machine's defaults show who has won.
        int threads = Run("--no-tuning").Json.GetProperty("threads").GetInt32();
        int others = threads > 1 ? threads - 1 : Math.Min(2, System.Environment.ProcessorCount);
        Replace(profile, "\"threads\": \\d+", $"\"threads\": {others}");
        Replace(profile, "\"isa_prefill\": \"[^\"]*\"", "\"isa_prefill\": \"scalar\"");
        EdgertResult run = Run();
        Assert.Empty(run.Error);
        Assert.Equal((others, "scalar"), (run.Json.GetProperty("threads").GetInt32(), run.Json.GetProperty("isa").GetString()));
        Assert.Equal(1, Run("--threads", "1").Json.GetProperty("threads").GetInt32());
        Assert.Equal(threads, Run("--threads", "0").Json.GetProperty("threads").GetInt32());
        Assert.Equal(run.Json.GetProperty("text").GetString(), Run("--no-tuning").Json.GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("\"processor\": \"", "\"processor\": \"not ", "made for the processor 'not ")]
    [InlineData("\"version\": 1", "\"version\": 0", "version 0; expected 1")]
    [InlineData("\"threads\": \\d+", "\"threads\": -1", "threads -1: expected 1 to 1024")]
    [InlineData("^\\{", "", "not valid JSON")]
    public void Run_ProfileThatIsWrong_WarnsOnceAndGoesOn(string pattern, string replacement, string reason)
    {
        Replace(CopyProfile(), pattern, replacement);
        string line = Assert.Single(Run().Error.TrimEnd().Split('\n'));
        Assert.StartsWith("edgert: warning: Ignored the tuning profile ", line, StringComparison.Ordinal);
        Assert.Contains(reason, line, StringComparison.Ordinal);
    }

    [Fact]
    public void Tune_DryRun_WritesNothing()
    {
        Edgert.RunIn(Environment, null, "tune", Edgert.Stories, "--seconds", Seconds, "--dry-run").Expect(0);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Tune_TypeSpeeds_WritesAProfileForQuantize()
    {
        string path = _folder.File("speeds.json");
        string output = Edgert.RunIn(Environment, null, "tune", Edgert.Stories, "--seconds", Seconds, "--dry-run", "--type-speeds", path)
            .Expect(0).Output;
        JsonElement speeds = JsonDocument.Parse(File.ReadAllText(path)).RootElement.GetProperty("seconds_per_token");
        Assert.Contains($"Speeds of {speeds.EnumerateObject().Count()} tensor types: {path}", output, StringComparison.Ordinal);
        Assert.True(speeds.GetProperty("Q8_0").GetDouble() > 0);
    }

    [Fact]
    public void Tune_FolderThatCannotBe_ShowsTheResultAndSaysWhy()
    {
        string file = _folder.Write("a-file", "");
        var environment = new Dictionary<string, string?> { ["EDGERUNTIME_PROFILES"] = Path.Combine(file, "profiles") };
        EdgertResult tune = Edgert.RunIn(environment, null, "tune", Edgert.Stories, "--seconds", Seconds).Expect(1);
        Assert.Contains("Chosen: ", tune.Output, StringComparison.Ordinal);
        Assert.Contains($"edgert: error: {Path.Combine(file, "profiles")}", tune.Error, StringComparison.Ordinal);
    }

    private string CopyProfile()
    {
        string path = _folder.File(Path.GetFileName(tuned.Profile));
        File.Copy(tuned.Profile, path);
        return path;
    }

    private EdgertResult Run(params string[] options) => Edgert.RunIn(
        Environment, null, ["run", Edgert.Stories, "-p", "Once upon a time", "--temp", "0", "-n", "8", "--json", .. options]).Expect(0);

    private static void Replace(string path, string pattern, string replacement)
    {
        string text = File.ReadAllText(path);
        Assert.Matches(pattern, text);
        File.WriteAllText(path, new Regex(pattern).Replace(text, replacement, 1));
    }

    /// <summary>The small model, tuned once for all tests.</summary>
    public sealed class TunedModel : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public TunedModel()
        {
            var environment = new Dictionary<string, string?> { ["EDGERUNTIME_PROFILES"] = _folder.Path, ["EDGERUNTIME_ISA"] = null };
            Output = Edgert.RunIn(environment, null, "tune", Edgert.Stories, "--seconds", Seconds).Expect(0).Output;
            Profile = Assert.Single(Directory.GetFiles(_folder.Path));
        }

        public string Output { get; }

        public string Profile { get; }

        public void Dispose() => _folder.Dispose();
    }
}
