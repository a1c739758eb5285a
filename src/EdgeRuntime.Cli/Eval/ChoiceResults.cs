using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;

namespace EdgeRuntime.Cli.Eval;

/// <summary>Counts right answers, as lm-evaluation-harness does.</summary>
internal sealed class ChoiceResults
{
    private readonly List<double> _losses = []; // of items with a single choice, in nats

    /// <summary>Gets the number of items.</summary>
    public int Count { get; private set; }

    /// <summary>Gets the items whose right choice has the greatest likelihood.</summary>
    public Proportion Accuracy => new(Hits, Count);

    /// <summary>Gets the items whose right choice has the greatest likelihood for each of its characters.</summary>
    public Proportion NormalizedAccuracy => new(NormalizedHits, Count);

    /// <summary>
    /// Gets the perplexity of items with a single choice: exp of the mean negative log-likelihood of a choice; null for other items.
    /// </summary>
    public double? Perplexity => _losses.Count > 0 ? Math.Exp(_losses.Average()) : null;

    private int Hits { get; set; }

    private int NormalizedHits { get; set; }

    /// <summary>Continues from results that <see cref="Save"/> has made.</summary>
    public void Restore(JsonObject state)
    {
        Count = state["count"]!.GetValue<int>();
        Hits = state["hits"]!.GetValue<int>();
        NormalizedHits = state["normalized_hits"]!.GetValue<int>();
        _losses.AddRange(state["losses"]!.AsArray().Select(static loss => loss!.GetValue<double>()));
    }

    /// <summary>Gets the results so far.</summary>
    public JsonObject Save() => new()
    {
        ["count"] = Count,
        ["hits"] = Hits,
        ["normalized_hits"] = NormalizedHits,
        ["losses"] = new JsonArray([.. _losses.Select(static loss => (JsonNode)loss)]),
    };

    /// <summary>Counts an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="scores">The scores of its choices.</param>
    public void Add(ChoiceItem item, ContinuationScore[] scores)
    {
        Count++;
        if (scores is [var only])
        {
            Hits += only.IsGreedy ? 1 : 0;
            _losses.Add(-only.LogLikelihood);
            return;
        }

        int[] order = [.. Enumerable.Range(0, scores.Length)];
        Hits += order.MaxBy(i => scores[i].LogLikelihood) == item.Right ? 1 : 0;
        NormalizedHits += order.MaxBy(i => scores[i].LogLikelihood / item.Choices[i].Length) == item.Right ? 1 : 0;
    }
}
