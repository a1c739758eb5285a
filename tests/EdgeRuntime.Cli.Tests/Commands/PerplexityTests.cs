using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Eval;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary><c>edgert eval perplexity</c> with a stride, several texts, an earlier run and an interruption.</summary>
public sealed class PerplexityTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _text;

    public PerplexityTests() => _text = _folder.Write(
        "text.txt", string.Concat(Enumerable.Range(0, 60).Select(static i => $"Once upon a time {i} there was a little girl. ")));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Perplexity_WithAStride_ScoresAsManyTokensForEachChunk()
    {
        int tokens;
        using (var model = LanguageModel.Load(Edgert.Stories))
        {
            tokens = model.Tokenizer.Encode(File.ReadAllText(_text), addSpecial: true).Length;
        }

        JsonElement json = Run("-c", "64", "--stride", "32", "--json").Expect(0).Json;
        int chunks = (tokens - 80 + 31) / 32; // llama.cpp's chunks are half a stride longer
        Assert.Equal((chunks, 32 * chunks), (json.GetProperty("chunks").GetInt32(), json.GetProperty("tokens_scored").GetInt32()));
        Assert.Contains("--stride 64: expected less", Run("-c", "64", "--stride", "64").ExpectErrorLine(2), StringComparison.Ordinal);
    }

    [Fact]
    public void Perplexity_OfSeveralTextsAndABaseRun_TellsEachAndTheRatio()
    {
        string other = _folder.Write("other.txt", File.ReadAllText(_text).ToUpperInvariant());
        string result = _folder.Write("base.json", Run("-f", other, "-c", "64", "--json").Expect(0).Output);
        string output = Run("-f", other, "-c", "64", "--base", result).Expect(0).Output;
        Assert.Contains($"{_text}: PPL = ", output, StringComparison.Ordinal);
        Assert.Contains($"{other}: PPL = ", output, StringComparison.Ordinal);
        Assert.Contains("PPL / base = 1.000000 +/- 0.000000\n", output, StringComparison.Ordinal);
        string error = Run("-c", "64", "--base", result).Expect(1).Error;
        Assert.Contains("another text", error, StringComparison.Ordinal);
        Assert.Contains("is no result", Run("-c", "64", "--base", _folder.Write("x.json", "{}")).Expect(1).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void RunState_AfterAnInterruption_GoesOnWithTheSameRunOnly()
    {
        string path = _folder.File("state.json");
        using var interrupts = new Interrupts();
        int done = 0;
        JsonObject Save() => new() { ["done"] = done };
        Assert.Throws<OperationCanceledException>(() => RunState.Open(path, "a").Run(
            0, 5, null, (index, _) => done = index < 3 ? index + 1 : throw new OperationCanceledException(), Save, interrupts));
        RunState state = RunState.Open(path, "a");
        Assert.Equal(3, state.Data!["done"]!.GetValue<int>());
        Assert.Contains("other models", Assert.Throws<CommandException>(() => RunState.Open(path, "b")).Message, StringComparison.Ordinal);
        string saved = File.ReadAllText(path);
        File.WriteAllText(path, saved.Replace("\"done\":3", "\"done\":4", StringComparison.Ordinal));
        Assert.Contains("is damaged", Assert.Throws<CommandException>(() => RunState.Open(path, "a")).Message, StringComparison.Ordinal);
        state.End();
        Assert.Null(RunState.Open(path, "b").Data);
        Assert.Throws<CommandException>(() => RunState.Open(_text, "a"));
    }

    [Fact]
    public void Perplexity_WithResume_GoesOnAndGivesTheSameResult()
    {
        string whole = Run("-c", "64", "--chunks", "6", "--json").Expect(0).Output;
        string path = _folder.File("state.json");
        var part = JsonNode.Parse(Run("-c", "64", "--chunks", "6", "--json", "--resume", path).Expect(0).Output)!;
        Assert.Equal(JsonNode.Parse(whole)!.ToJsonString(), part.ToJsonString());
        Assert.False(File.Exists(path));
    }

    private EdgertResult Run(params string[] arguments) =>
        Edgert.Run(["eval", "perplexity", Edgert.Stories, "-f", _text, "-t", "1", .. arguments]);
}
