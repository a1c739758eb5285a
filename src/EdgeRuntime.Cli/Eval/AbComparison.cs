using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Energy;

namespace EdgeRuntime.Cli.Eval;

/// <summary>Compares the answers of two models.</summary>
internal sealed class AbComparison
{
    private readonly AbModel _a;
    private readonly AbModel _b;
    private readonly PromptItem[] _items;
    private readonly EnergyMeter? _energy;
    private readonly double[] _rouge; // of A against B
    private readonly List<(double A, double B)> _references = []; // ROUGE-L of the prompts that have some

    /// <param name="a">The first model, with an answer for each prompt.</param>
    /// <param name="b">The second model, with an answer for each prompt.</param>
    /// <param name="items">The prompts.</param>
    /// <param name="order">The name and the seed of the run.</param>
    /// <param name="energy">The meter of energy, or null.</param>
    public AbComparison(AbModel a, AbModel b, PromptItem[] items, AbOrder order, EnergyMeter? energy)
    {
        (_a, _b, _items, Order, _energy) = (a, b, items, order, energy);
        _rouge = [.. a.Answers.Zip(b.Answers, static (left, right) => Rouge.OfSubsequence(left.Text, right.Text).F1)];
        foreach (int i in Enumerable.Range(0, items.Length).Where(i => items[i].References.Length > 0))
        {
            double left = OfReferences(a, i);
            double right = OfReferences(b, i);
            _references.Add((left, right));
            ReferenceCount.Add(left - right);
        }
    }

    /// <summary>Gets the name and the seed of the run.</summary>
    public AbOrder Order { get; }

    /// <summary>Gets the models, A first.</summary>
    public IReadOnlyList<AbModel> Models => [_a, _b];

    /// <summary>Gets the prompts.</summary>
    public IReadOnlyList<PromptItem> Items => _items;

    /// <summary>Gets the number of prompts that both models answer with the same text.</summary>
    public int ExactMatches => Enumerable.Range(0, _items.Length).Count(IsExactMatch);

    /// <summary>Gets ROUGE-L (F1) of the answers of A against those of B, 0 to 1.</summary>
    public MeanAndError RougeL => MeanAndError.Of(_rouge);

    /// <summary>Gets which model has the greater ROUGE-L against the references.</summary>
    public PairCount ReferenceCount { get; } = new();

    /// <summary>Gets whether both models answer a prompt with the same text.</summary>
    public bool IsExactMatch(int prompt) => _a.Answers[prompt].Text == _b.Answers[prompt].Text;

    /// <summary>Gets the rows of a table: a title, and the figure of each model.</summary>
    public IEnumerable<(string Title, string A, string B)> Rows()
    {
        yield return Row("tokens per answer", static model => FormattableString.Invariant($"{model.MeanTokens:F1}"));
        yield return Row("characters per answer", static model => FormattableString.Invariant($"{model.MeanCharacters:F1}"));
        yield return Row("prefill, tok/s", static model => FormattableString.Invariant($"{model.PrefillSpeed:F2}"));
        yield return Row("decode, tok/s", static model => FormattableString.Invariant($"{model.DecodeSpeed:F2}"));
        string memory = Models.All(static model => model.IsPeak) ? "peak memory, MB" : "memory at the end, MB";
        yield return Row(memory, static model => FormattableString.Invariant($"{model.MemoryBytes / 1e6:F0}"));
        if (_energy is not null)
        {
            yield return Row("energy, J per token", model => model.EnergyFieldsOf(_energy) is var fields
                && fields.Number("energy_j_per_token") is { } joules
                ? FormattableString.Invariant($"{joules}")
                : fields.Text("energy_source"));
        }

        if (_references.Count > 0)
        {
            yield return (
                "ROUGE-L against references",
                Percent(MeanAndError.Of([.. _references.Select(static pair => pair.A)])),
                Percent(MeanAndError.Of([.. _references.Select(static pair => pair.B)])));
        }
    }

    /// <summary>Gets the lines that compare both models.</summary>
    public IEnumerable<string> Lines()
    {
        yield return FormattableString.Invariant(
            $"exact matches: {ExactMatches} of {_items.Length} ({100.0 * ExactMatches / _items.Length:F2} %)");
        yield return $"ROUGE-L of A against B: {Percent(RougeL)}";
        if (_references.Count > 0)
        {
            yield return $"ROUGE-L against references: {ReferenceCount}";
        }
    }

    /// <summary>Gets all of it as JSON.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["run"] = Order.Run,
            ["seed"] = Order.Seed,
            ["items"] = _items.Length,
            ["a"] = ToJson(_a),
            ["b"] = ToJson(_b),
            ["exact_matches"] = ExactMatches,
            ["rougeL"] = RougeL.Mean,
            ["rougeL_error"] = RougeL.Error,
        };
        if (_references.Count > 0)
        {
            var references = new JsonObject
            {
                ["items"] = _references.Count,
                ["a_rougeL"] = _references.Average(static pair => pair.A),
                ["b_rougeL"] = _references.Average(static pair => pair.B),
            };
            ReferenceCount.AddTo(references);
            json["references"] = references;
        }

        json["answers"] = new JsonArray([.. _items.Select((item, i) => (JsonNode)new JsonObject
        {
            ["prompt"] = item.Prompt,
            ["a"] = _a.Answers[i].Text,
            ["b"] = _b.Answers[i].Text,
            ["equal"] = IsExactMatch(i),
            ["rougeL"] = _rouge[i],
            ["a_tokens"] = _a.Answers[i].Tokens,
            ["b_tokens"] = _b.Answers[i].Tokens,
            ["references"] = new JsonArray([.. item.References.Select(static reference => (JsonNode)reference)]),
        })]);
        return json;
    }

    private JsonObject ToJson(AbModel model)
    {
        var json = new JsonObject
        {
            ["model"] = model.Path,
            ["tokens"] = model.Answers.Sum(static answer => (long)answer.Tokens),
            ["mean_tokens"] = model.MeanTokens,
            ["mean_characters"] = model.MeanCharacters,
            ["prefill_tokens_per_second"] = model.PrefillSpeed,
            ["decode_tokens_per_second"] = model.DecodeSpeed,
            ["memory_bytes"] = model.MemoryBytes,
            ["memory"] = model.IsPeak ? "peak" : "resident",
        };
        foreach ((string name, JsonNode? value) in model.EnergyFieldsOf(_energy).ToJson())
        {
            json[name] = value?.DeepClone();
        }

        return json;
    }

    private double OfReferences(AbModel model, int prompt) =>
        _items[prompt].References.Max(reference => Rouge.OfSubsequence(model.Answers[prompt].Text, reference).F1);

    private (string Title, string A, string B) Row(string title, Func<AbModel, string> figure) => (title, figure(_a), figure(_b));

    private static string Percent(MeanAndError value) => FormattableString.Invariant($"{100 * value.Mean:F2} ± {100 * value.Error:F2} %");
}
