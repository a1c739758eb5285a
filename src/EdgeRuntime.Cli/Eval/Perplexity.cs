using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Eval;

/// <summary>Sums the negative log-likelihood of text, chunk by chunk. Source: llama.cpp, tools/perplexity.</summary>
/// <param name="vocabulary">The number of logits of a position.</param>
internal sealed class Perplexity(int vocabulary)
{
    private readonly LogSoftmax _softmax = new(vocabulary);
    private readonly List<double> _chunks = [];
    private double _sum;
    private double _sumOfSquares;

    /// <summary>Gets the number of tokens scored so far.</summary>
    public long Count { get; private set; }

    /// <summary>Gets the perplexity of the scored tokens: exp of the mean negative log-likelihood.</summary>
    /// <exception cref="CommandException">The value is not finite.</exception>
    public double Estimate => Finite(Math.Exp(_sum / Count));

    /// <summary>Gets the mean negative log-likelihood of each chunk.</summary>
    public IReadOnlyList<double> Chunks => _chunks;

    /// <summary>Gets the standard error of <see cref="Estimate"/>, from the spread of the log-likelihoods.</summary>
    /// <inheritdoc cref="Estimate" path="/exception"/>
    public double StandardError
    {
        get
        {
            double mean = _sum / Count;
            double variance = (_sumOfSquares / Count) - (mean * mean);
            return variance > 0 ? Finite(Estimate * Math.Sqrt(variance / (Count - 1))) : 0;
        }
    }

    /// <summary>Scores one chunk.</summary>
    /// <param name="session">The session that computes.</param>
    /// <param name="text">The text.</param>
    /// <param name="chunk">The index of the chunk.</param>
    /// <param name="cancellationToken">Cancels the pass; nothing is scored then.</param>
    /// <param name="computeFrom">
    /// The first position whose logits are computed, to the end of the chunk; null for only those that predict a scored token.
    /// </param>
    public void Score(ChunkSession session, ChunkedText text, int chunk, CancellationToken cancellationToken, int? computeFrom = null)
    {
        int position = computeFrom ?? text.First;
        int end = computeFrom is null ? text.Context - 1 : text.Context;
        ReadOnlySpan<int> tokens = text.Tokens(chunk);
        List<double> losses = new(text.Scored);
        session.Begin(text.Input(chunk), position, cancellationToken);
        for (ReadOnlySpan<float> logits; !(logits = session.Next(end, cancellationToken)).IsEmpty;)
        {
            for (; !logits.IsEmpty; logits = logits[vocabulary..], position++)
            {
                if (position >= text.First && position < text.Context - 1)
                {
                    _softmax.Read(logits[..vocabulary]);
                    losses.Add(_softmax.Loss(logits[..vocabulary], tokens[position + 1]));
                }
            }
        }

        foreach (double loss in losses)
        {
            _sum += loss;
            _sumOfSquares += loss * loss;
        }

        Count += losses.Count;
        _chunks.Add(losses.Sum() / losses.Count);
    }

    /// <summary>Gets the sums, from which <see cref="Restore"/> goes on.</summary>
    public JsonObject Save() => new()
    {
        ["sum"] = _sum,
        ["sum_of_squares"] = _sumOfSquares,
        ["count"] = Count,
        ["chunks"] = new JsonArray([.. _chunks.Select(static chunk => (JsonNode)chunk)]),
    };

    /// <summary>Goes on from saved sums.</summary>
    public void Restore(JsonObject saved)
    {
        _sum = saved["sum"]!.GetValue<double>();
        _sumOfSquares = saved["sum_of_squares"]!.GetValue<double>();
        Count = saved["count"]!.GetValue<long>();
        _chunks.Clear();
        _chunks.AddRange(saved["chunks"]!.AsArray().Select(static chunk => chunk!.GetValue<double>()));
    }

    private double Finite(double figure) => double.IsFinite(figure) ? figure : throw new CommandException(FormattableString.Invariant(
        $"the perplexity is no number: the mean negative log-likelihood of {Count} tokens is {_sum / Count:G6}; ")
        + "the text is none that this model could have seen, or its weights are damaged");
}
