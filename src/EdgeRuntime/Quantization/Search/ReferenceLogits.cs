using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics.Tensors;
using System.Threading;

namespace EdgeRuntime.Quantization.Search;

/// <summary>
/// The log-probabilities that a model gives the tokens of a text, which other models are compared with. As in perplexities, the second half
/// of each chunk counts. Where all tokens do not fit into memory, the likeliest are kept one by one, and the others together.
/// </summary>
internal sealed class ReferenceLogits
{
    private const long MaxBytes = 512 << 20;

    /// <summary>The largest number of positions whose logits are held at once.</summary>
    private const int Batch = 64;

    private readonly IReadOnlyList<int[]> _chunks;
    private readonly int _width;
    private readonly List<Position> _positions = [];

    /// <summary>Computes the log-probabilities of a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="chunks">The tokens of each chunk, all of one length, which is at least 2.</param>
    /// <param name="cancellationToken">Cancels the passes.</param>
    public ReferenceLogits(LanguageModel model, IReadOnlyList<int[]> chunks, CancellationToken cancellationToken)
    {
        _chunks = chunks;
        long positions = (long)chunks.Count * (chunks[0].Length - First - 1);
        _width = (int)Math.Clamp(MaxBytes / positions / (sizeof(float) + sizeof(int)), 1, model.VocabularySize);
        ForEach(model, (_, logits) => _positions.Add(Read(logits)), cancellationToken);
    }

    private int First => _chunks[0].Length / 2;

    /// <summary>Computes the mean Kullback-Leibler divergence of the reference from a model with the same vocabulary, in nats.</summary>
    /// <exception cref="NonFiniteException">The model computes values that are no numbers.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public double Compare(LanguageModel model, CancellationToken cancellationToken)
    {
        double sum = 0;
        ForEach(model, (index, logits) => sum += Compare(_positions[index], logits), cancellationToken);
        return sum / _positions.Count;
    }

    private void ForEach(LanguageModel model, LogitsAction action, CancellationToken cancellationToken)
    {
        int length = _chunks[0].Length;
        using ModelSession session = model.CreateSession(new SessionOptions
        {
            ContextLength = length,
            AllowLongContext = true,
            BatchTokens = Math.Min(length, SessionOptions.DefaultBatchTokens),
        });
        if (!session.CanGenerate)
        {
            throw new UnsupportedModelException(
                $"{model.Path}: a model of architecture '{model.Architecture}' predicts no tokens, so mixes of it can't be compared");
        }

        int position = 0;
        foreach (int[] chunk in _chunks)
        {
            session.Truncate(0);
            session.Forward(chunk.AsSpan(0, First), cancellationToken);
            while (session.Length < length - 1)
            {
                int count = Math.Min(Math.Min(Batch, session.BatchTokens), length - 1 - session.Length);
                ReadOnlySpan<float> logits = session.ForwardAll(chunk.AsSpan(session.Length, count), cancellationToken);
                for (; !logits.IsEmpty; logits = logits[model.VocabularySize..])
                {
                    action(position++, logits[..model.VocabularySize]);
                }
            }
        }
    }

    private Position Read(ReadOnlySpan<float> logits)
    {
        double logSum = LogSum(logits);
        int[]? tokens = null;
        if (_width < logits.Length)
        {
            float[] keys = new float[logits.Length];
            TensorPrimitives.Negate(logits, keys);
            tokens = [.. Enumerable.Range(0, logits.Length)];
            Array.Sort(keys, tokens);
            tokens = tokens[.._width];
        }

        float[] values = new float[_width];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(logits[tokens?[i] ?? i] - logSum);
        }

        return new Position(tokens, values);
    }

    private static double Compare(Position position, ReadOnlySpan<float> logits)
    {
        double logSum = LogSum(logits);
        double divergence = 0;
        double mass = 0;
        double otherMass = 0;
        for (int i = 0; i < position.Logs.Length; i++)
        {
            double log = position.Logs[i];
            double other = logits[position.Tokens?[i] ?? i] - logSum;
            double probability = Math.Exp(log);
            divergence += probability * (log - other);
            mass += probability;
            otherMass += position.Tokens is null ? 0 : Math.Exp(other);
        }

        return position.Tokens is null || mass >= 1 || otherMass >= 1
            ? divergence
            : divergence + ((1 - mass) * Math.Log((1 - mass) / (1 - otherMass)));
    }

    private static double LogSum(ReadOnlySpan<float> logits)
    {
        float max = TensorPrimitives.Max(logits);
        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - max);
        }

        return max + Math.Log(sum);
    }

    private delegate void LogitsAction(int position, ReadOnlySpan<float> logits);

    /// <summary>The reference at a position.</summary>
    /// <param name="Tokens">The tokens, the likeliest first; null for all tokens in order.</param>
    /// <param name="Logs">Their log-probabilities.</param>
    private readonly record struct Position(int[]? Tokens, float[] Logs);
}
