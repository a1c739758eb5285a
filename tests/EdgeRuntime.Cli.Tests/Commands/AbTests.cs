using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EdgeRuntime.Cli.Eval;
using EdgeRuntime.Cli.Html;
using EdgeRuntime.Cli.Tests.Energy;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary><c>edgert eval ab</c>: the sign test against published values, blind pages, votes, and the command.</summary>
public sealed class AbTests : IDisposable
{
    private const string Hostile = "</pre><script>alert(\"1\")</script>\u202e&'\u0007";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// 8 of 10, the legs of ten deer: J. H. Zar, Biostatistical Analysis, 1999 (two-sided). 8 of 9, a choice of two products:
    /// W. J. Conover, Practical Nonparametric Statistics, 1999, whose one-sided value is 0.0195.
    /// </summary>
    [Theory]
    [InlineData(8, 2, 0.109375)]
    [InlineData(2, 8, 0.109375)]
    [InlineData(8, 1, 0.0390625)]
    [InlineData(0, 0, 1)]
    [InlineData(5, 5, 1)]
    [InlineData(10, 0, 0.001953125)]
    public void SignTest_OfPublishedCounts_HasThePublishedValue(int a, int b, double expected) =>
        Assert.Equal(expected, new SignTest(a, b).PValue, 12);

    /// <summary>The normal approximation with the correction for continuity: z = 3.131, p = 0.00174.</summary>
    [Fact]
    public void SignTest_OfManyCounts_IsCloseToTheNormalApproximation() =>
        Assert.Equal(0.00174, new SignTest(550, 450).PValue, 0.00002);

    [Fact]
    public void Order_OfManyPrompts_DependsOnRunAndSeedAndIsBalanced()
    {
        bool[] Of(string run, ulong seed) => [.. Enumerable.Range(0, 1000).Select(new AbOrder(run, seed).IsSwapped)];
        bool[] order = Of("run", 1);
        Assert.Equal(order, Of("run", 1));
        Assert.NotEqual(order, Of("run", 2));
        Assert.NotEqual(order, Of("other", 1));
        Assert.InRange(order.Count(static isSwapped => isSwapped), 420, 580);
    }

    [Fact]
    public void Page_OfHostileText_EscapesIt()
    {
        using var output = new StringWriter();
        var page = new HtmlPage(output, Hostile);
        page.Element("p", Hostile, new HtmlAttribute("class", Hostile));
        page.Table([new(Hostile)], [[new(Hostile, IsText: true)]]);
        page.End();
        string html = output.ToString();
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202e', html);
        Assert.DoesNotContain('\u0007', html);
        Assert.Contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&lt;U+202E&gt;&amp;&#39;^G", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Votes_OfFiles_AreThoseForTheModels()
    {
        var order = new AbOrder("0123", 5);
        int swapped = Enumerable.Range(0, 100).First(order.IsSwapped);
        int straight = Enumerable.Range(0, 100).First(prompt => !order.IsSwapped(prompt));
        string file = Votes("votes.json", "0123", $$"""{"prompt":{{swapped}},"vote":"right"},{"prompt":{{straight}},"vote":"left"}""");
        string more = Votes("more.json", "0123", $$"""{"prompt":{{straight}},"vote":"same"}""");
        JsonElement json = Edgert.Run("eval", "ab", "--votes", file, "--votes", more, "--json").Expect(0).Json;
        Assert.Equal(
            (2, 0, 1, 0.5),
            (json.GetProperty("a_better").GetInt32(), json.GetProperty("b_better").GetInt32(), json.GetProperty("same").GetInt32(),
                json.GetProperty("p_value").GetDouble()));
        Assert.Equal(
            "A better 2, B better 0, same 0; sign test: p = 0.5\n", Edgert.Run("eval", "ab", "--votes", file).Expect(0).Output);
    }

    [Theory]
    [InlineData("{\"prompt\":1,\"vote\":\"both\"}", "vote 0: expected 'vote'")]
    [InlineData("{\"prompt\":1,\"vote\":\"left\"},{\"prompt\":1,\"vote\":\"left\"}", "vote 1: expected 'vote'")]
    [InlineData("{\"prompt\":-1,\"vote\":\"left\"}", "vote 0: expected 'vote'")]
    [InlineData("7", "vote 0: expected 'vote'")]
    [InlineData("", "has votes of another run")]
    public void Votes_ThatAreNone_AreOneLine(string votes, string expected)
    {
        string file = Votes("votes.json", "0123", votes);
        string other = Votes("other.json", "4567", "");
        string line = Edgert.Run("eval", "ab", "--votes", file, "--votes", other).ExpectErrorLine(1);
        Assert.Contains(expected, line, StringComparison.Ordinal);
        string none = _folder.Write("none.json", "{\"kind\":\"x\"}");
        Assert.Contains("is no file of votes", Edgert.Run("eval", "ab", "--votes", none).ExpectErrorLine(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Ab_OfAModelWithItself_MatchesExactly()
    {
        string prompts = _folder.Write("prompts.txt", "Once upon a time\n\nOne day\n");
        JsonElement json = Edgert.Run(
            "eval", "ab", Edgert.Stories, Edgert.Stories, "-f", prompts, "-n", "12", "--temp", "0.8", "--json").Expect(0).Json;
        Assert.Equal((2, 2), (json.GetProperty("items").GetInt32(), json.GetProperty("exact_matches").GetInt32()));
        Assert.Equal(1, json.GetProperty("rougeL").GetDouble(), 9);
        foreach (string model in (string[])["a", "b"])
        {
            JsonElement figures = json.GetProperty(model);
            Assert.Equal(24, figures.GetProperty("tokens").GetInt64());
            Assert.True(figures.GetProperty("memory_bytes").GetInt64() > 1_000_000);
            Assert.True(figures.GetProperty("decode_tokens_per_second").GetDouble() > 0);
            Assert.True(figures.TryGetProperty("energy_source", out _));
        }
    }

    [Fact]
    public void Ab_WithReferences_FindsTheBetterModel()
    {
        string Answer(string prompt) => Edgert.Run("run", Edgert.Stories, prompt, "--temp", "0", "-n", "8", "--json").Expect(0)
            .Json.GetProperty("text").GetString()!;
        string prompts = _folder.Write("prompts.jsonl", string.Concat(((string[])["Once upon a time", "One day"]).Select(
            prompt => JsonSerializer.Serialize(new { prompt, reference = Answer(prompt) }) + "\n")));
        string page = _folder.File("page.html");
        string text = Edgert.Run(
            "eval", "ab", Edgert.Stories, Edgert.SmolLm, "-f", prompts, "-n", "8", "--energy", "none", "--html", page).Expect(0).Output;
        Assert.Contains("ROUGE-L against references: A better 2, B better 0, same 0; sign test: p = 0.5", text, StringComparison.Ordinal);
        string html = File.ReadAllText(page);
        Assert.Contains(Path.GetFileName(Edgert.SmolLm), html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Ab_Blind_HidesTheModelsAndTakesVotes()
    {
        string prompts = _folder.Write("prompts.jsonl", JsonSerializer.Serialize(new { prompt = "Once " + Hostile }) + "\n");
        string page = _folder.File("page.html");
        string[] command = ["eval", "ab", Edgert.Stories, Edgert.SmolLm, "-f", prompts, "-n", "8", "--html", page, "--blind", "--json"];
        JsonElement json = Edgert.Run(command).Expect(0).Json;
        string html = File.ReadAllText(page);
        Assert.DoesNotContain(Path.GetFileNameWithoutExtension(Edgert.Stories), html, StringComparison.Ordinal);
        Assert.DoesNotContain(Path.GetFileNameWithoutExtension(Edgert.SmolLm), html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(html, "<script"));
        Assert.Contains("script-src 'sha256-", html, StringComparison.Ordinal);
        string run = json.GetProperty("run").GetString()!;
        Assert.Contains($"data-run=\"{run}\"", html, StringComparison.Ordinal);
        bool isSwapped = new AbOrder(run, 0).IsSwapped(0);
        string left = HtmlPage.Encode(json.GetProperty("answers")[0].GetProperty(isSwapped ? "b" : "a").GetString()!);
        Assert.Contains($"<h3>Left</h3>\n<pre>{left}</pre>", html, StringComparison.Ordinal);
    }

    /// <summary>A state in which A has answered both prompts and B one of them.</summary>
    [Fact]
    public void Ab_Resumed_GoesOnFromTheState()
    {
        string prompts = _folder.Write("prompts.txt", "Once upon a time\nOne day\n");
        string state = _folder.File("state.json");
        string[] command = ["eval", "ab", Edgert.Stories, Edgert.Stories, "-f", prompts, "-n", "4", "--json", "--resume", state];
        JsonElement whole = Edgert.Run(command).Expect(0).Json;
        Assert.False(File.Exists(state));
        JsonNode Answer(string text) => new AbAnswer(text, 3, 7, 1, 2, Energy: null).ToJson();
        RunState.Open(state, whole.GetProperty("run").GetString()!).Save(new JsonObject
        {
            ["models"] = new JsonArray(
                new JsonObject
                {
                    ["answers"] = new JsonArray(Answer("first"), Answer("second")),
                    ["memory"] = 123_000_000,
                    ["is_peak"] = true,
                },
                new JsonObject { ["answers"] = new JsonArray(Answer("third")), ["memory"] = 0, ["is_peak"] = true }),
        });
        JsonElement json = Edgert.Run(command).Expect(0).Json;
        Assert.Equal((123_000_000, 3.0), (
            json.GetProperty("a").GetProperty("memory_bytes").GetInt32(),
            json.GetProperty("a").GetProperty("decode_tokens_per_second").GetDouble()));
        JsonElement[] answers = [.. json.GetProperty("answers").EnumerateArray()];
        Assert.Equal(("first", "third"), (answers[0].GetProperty("a").GetString(), answers[0].GetProperty("b").GetString()));
        Assert.Equal("second", answers[1].GetProperty("a").GetString());
        Assert.Equal(
            whole.GetProperty("answers")[1].GetProperty("b").GetString(), answers[1].GetProperty("b").GetString());
        Assert.False(File.Exists(state));
    }

    [Fact]
    public void Ab_OnABoardWithASensor_ReportsJoules()
    {
        using var sysfs = new SysfsFixture();
        sysfs.Add("class/hwmon/hwmon0", ("name", "ina226"), ("label", "5V0"), ("power1_input", 4_000_000), ("update_interval", 1));
        string prompts = _folder.Write("prompts.txt", "Once upon a time");
        JsonElement model = Edgert.Run(
            "eval", "ab", Edgert.Stories, Edgert.Stories, "-f", prompts, "-n", "200", "--json", "--sysfs-root", sysfs.Root)
            .Expect(0).Json.GetProperty("b");
        Assert.Equal("hwmon ina226 5V0", model.GetProperty("energy_source").GetString());
        Assert.Equal(4, model.GetProperty("energy_watts").GetDouble(), 3);
        Assert.True(model.GetProperty("energy_j_per_token").GetDouble() > 0);
    }

    [Theory]
    [InlineData(2, "expected: edgert eval ab A B -f PROMPTS", "a.gguf", "-f", "x")]
    [InlineData(2, "expected: edgert eval ab A B -f PROMPTS", "a.gguf", "b.gguf")]
    [InlineData(2, "--blind has no meaning without --html", "a.gguf", "b.gguf", "-f", "x", "--blind")]
    [InlineData(2, "--votes counts votes only", "a.gguf", "b.gguf", "--votes", "x")]
    [InlineData(2, "--limit 0: expected 1 or more, or -1 for all", "a.gguf", "b.gguf", "-f", "x", "--limit", "0")]
    [InlineData(1, "nowhere.txt", "a.gguf", "b.gguf", "-f", "nowhere.txt")]
    public void Ab_WrongArguments_AreOneLine(int code, string expected, params string[] arguments) =>
        Assert.Contains(expected, Edgert.Run(["eval", "ab", .. arguments]).ExpectErrorLine(code), StringComparison.Ordinal);

    [Fact]
    public void Ab_PageThatIsThePrompts_IsRefused()
    {
        string prompts = _folder.Write("prompts.txt", "Once upon a time\n");
        string line = Edgert.Run("eval", "ab", Edgert.Stories, Edgert.Stories, "-f", prompts, "--html", prompts).ExpectErrorLine(1);
        Assert.Equal($"edgert: error: {prompts}: is the input too, expected another file", line);
        Assert.Equal("Once upon a time\n", File.ReadAllText(prompts));
    }

    private string Votes(string name, string run, string votes) =>
        _folder.Write(name, $$"""{"kind":"edgert-ab-votes","run":"{{run}}","seed":"5","votes":[{{votes}}]}""");
}
