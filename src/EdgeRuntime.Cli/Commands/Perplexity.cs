using System;
using System.Numerics.Tensors;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Commands;

/// <summary>Sums the negative log-likelihood of text, chunk by chunk. Source: llama.cpp, tools/perplexity.</summary>
/// <param name="session">A session of <paramref name="context"/> positions; its content is overwritten.</param>
/// <param name="context">Tokens of a chunk; the second half is scored.</param>
/// <param name="beginOfSequence">Takes the first place of every chunk; null for none.</param>
internal sealed class Perplexity(ModelSession session, int context, int? beginOfSequence)
{
    /// <summary>The number of positions whose logits are held at once.</summary>
    private const int Batch = 64;

    private readonly int[] _chunk = new int[context];
    private readonly float[] _exponentials = new float[session.Model.VocabularySize];
    private double _sum;
    private double _sumOfSquares;

    /// <summary>Gets the number of tokens scored so far.</summary>
    public long Count { get; private set; }

    /// <summary>Gets the perplexity of the scored tokens: exp of the mean negative log-likelihood.</summary>
    /// <exception cref="CommandException">The value is not finite.</exception>
    public double Estimate => Finite(Math.Exp(_sum / Count));

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
    /// <param name="tokens">[context]</param>
    public void Score(ReadOnlySpan<int> tokens)
    {
        tokens.CopyTo(_chunk);
        if (beginOfSequence is { } begin)
        {
            _chunk[0] = begin;
        }

        int first = context / 2;
        session.Truncate(0);
        session.Forward(_chunk.AsSpan(0, first));

        // The logits of a position predict the token after it, so the last position's are not needed.
        for (int start = first; start < context - 1; start += Batch)
        {
            int count = Math.Min(Batch, context - 1 - start);
            ReadOnlySpan<float> logits = session.ForwardAll(_chunk.AsSpan(start, count));
            for (int i = 0; i < count; i++)
            {
                Add(logits.Slice(i * _exponentials.Length, _exponentials.Length), tokens[start + i + 1]);
            }
        }
    }

    private void Add(ReadOnlySpan<float> logits, int token)
    {
        float max = TensorPrimitives.Max(logits);
        TensorPrimitives.Subtract(logits, max, _exponentials);
        TensorPrimitives.Exp<float>(_exponentials, _exponentials);
        double sum = 0;
        foreach (float exponential in _exponentials)
        {
            sum += exponential;
        }

        double loss = Math.Log(sum) - ((double)logits[token] - max);
        _sum += loss;
        _sumOfSquares += loss * loss;
        Count++;
    }

    private double Finite(double figure) => double.IsFinite(figure) ? figure : throw new CommandException(FormattableString.Invariant(
        $"the perplexity is no number: the mean negative log-likelihood of {Count} tokens is {_sum / Count:G6}; ")
        + "the text is none that this model could have seen, or its weights are damaged");
}
