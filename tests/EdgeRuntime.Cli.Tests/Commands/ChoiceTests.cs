using System;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary><c>edgert eval choice</c>: likelihoods, counts, interrupted runs and what it refuses.</summary>
public sealed class ChoiceTests : IDisposable
{
    private const string Story = "Once upon a time, there was a little girl named Lily. She loved to";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Choice_OfQueries_CountsTheLikeliest()
    {
        string file = _folder.Write(
            "task.jsonl",
            $$"""
            {"query": "{{Story}}", "choices": ["play outside in the park.", "quantum exponent vortex"], "gold": 0}

            {"query": "{{Story}}", "choices": ["quantum exponent vortex", "play outside in the park."], "gold": 0}
            """);
        JsonElement json = Run("--task", file, "--answer", "");
        Assert.Equal(2, json.GetProperty("items").GetInt32());
        Assert.Equal(0.5, json.GetProperty("accuracy").GetDouble());
        Assert.Equal(0.5, json.GetProperty("accuracy_normalized").GetDouble());
        Assert.Equal(0.5, json.GetProperty("accuracy_error").GetDouble());
        JsonElement interval = json.GetProperty("accuracy_interval");
        Assert.Equal(0.0945, interval[0].GetDouble(), 4);
        Assert.Equal(0.9055, interval[1].GetDouble(), 4);
        Assert.Equal(1, Run("--task", file, "--answer", "", "--limit", "1").GetProperty("accuracy").GetDouble());
    }

    [Fact]
    public void Choice_OfContexts_ScoresTheContinuation()
    {
        string file = _folder.Write(
            "task.jsonl",
            $$"""{"context_options": ["{{Story}}", "x x x x x x x x x x x"], "continuation": "play outside in the park.", "gold": 0}""");
        Assert.Equal(1, Run("--task", file).GetProperty("accuracy").GetDouble());
    }

    [Fact]
    public void Choice_OfOneContinuation_HasItsPerplexity()
    {
        string file = _folder.Write("task.jsonl", $$"""{"context": "{{Story}}", "continuation": "play outside"}""");
        JsonElement json = Run("--task", file, "--kv-type", "f32");
        Assert.Equal(Math.Exp(-LogLikelihood(Story, " play outside")), json.GetProperty("perplexity").GetDouble(), 3);
        Assert.False(json.TryGetProperty("accuracy_normalized", out _));
    }

    [Fact]
    public void Choice_WrongTasks_AreOneLine()
    {
        void Refused(string line, string expected) => Assert.Contains(
            expected,
            Edgert.Run("eval", "choice", Edgert.Stories, "--task", _folder.Write("bad.jsonl", line)).ExpectErrorLine(1),
            StringComparison.Ordinal);
        Refused("{}", "expected the fields 'query', 'choices', 'gold'");
        Refused("[1]", "line 1: expected a JSON object, found Array");
        Refused("{", "line 1: not valid JSON: byte 2: found the end");
        Refused("\n", "has no lines");
        Refused("""{"query": "a", "choices": ["b", "c"], "gold": 2}""", "field 'gold': expected a number of 0 to 1, found 2");
        Refused("""{"query": "a", "choices": ["b"], "gold": 0}""", "has one choice");
        Refused("""{"query": 1, "choices": ["b", "c"], "gold": 0}""", "field 'query': expected a text, found 1");
        Refused("""{"choices": ["b", "c"], "gold": 0}""", "has no field 'query'");
        string none = Edgert.Run("eval", "choice", Edgert.Stories, "--task", "hellaswag").ExpectErrorLine(1);
        Assert.Contains("expected arc_easy, lambada, piqa, winogrande, or a .jsonl file", none, StringComparison.Ordinal);
        string missing = Edgert.Run("eval", "choice", Edgert.Stories, "--task", "piqa", "--task-folder", _folder.Path).ExpectErrorLine(1);
        Assert.Contains("piqa.jsonl does not exist", missing, StringComparison.Ordinal);
    }

    /// <summary>The bounds are wide: 120 items have a standard error of about 4 %. Chance is 25 %, 50 %, 50 % and next to none.</summary>
    [Theory]
    [Trait("Speed", "Slow")]
    [InlineData("arc_easy", 0.35)]
    [InlineData("piqa", 0.5)]
    [InlineData("winogrande", 0.35)]
    [InlineData("lambada", 0.15)]
    public void Choice_OfPublishedTasks_IsPlausible(string task, double least)
    {
        JsonElement json = Edgert.Run(
            "eval", "choice", Edgert.SmolLm, "--task", task, "--task-folder", SharedData.Require("text"), "--limit", "120", "--json")
            .Expect(0).Json;
        Assert.InRange(json.GetProperty("accuracy").GetDouble(), least, 0.95);
    }

    private static JsonElement Run(params string[] arguments) =>
        Edgert.Run(["eval", "choice", Edgert.Stories, .. arguments, "--json"]).Expect(0).Json;

    private static double LogLikelihood(string context, string continuation)
    {
        using LanguageModel model = LanguageModel.Load(Edgert.Stories);
        using ModelSession session = model.CreateSession(new SessionOptions { KvCacheType = KvCacheType.F32 });
        int[] tokens = model.Tokenizer.Encode(context + continuation);
        int first = model.Tokenizer.Encode(context).Length;
        ReadOnlySpan<float> logits = session.ForwardAll(tokens);
        double sum = 0;
        for (int i = first; i < tokens.Length; i++)
        {
            float[] row = logits.Slice((i - 1) * model.VocabularySize, model.VocabularySize).ToArray();
            sum += row[tokens[i]] - Math.Log(row.Sum(static logit => Math.Exp(logit)));
        }

        return sum;
    }
}
