using System;
using System.Threading;

namespace EdgeRuntime.Cli.Eval;

/// <summary>The log-probabilities that other models are compared with: those of a base model, or those of a file.</summary>
internal interface IBaseLogits
{
    /// <summary>Gets the log-probability up to which tokens are left out of the divergence, because it was not stored exactly.</summary>
    float Cutoff { get; }

    /// <summary>Starts a chunk.</summary>
    void Begin(int chunk, ChunkedText text, CancellationToken cancellationToken);

    /// <summary>Goes to the next positions.</summary>
    /// <returns>The number of positions; 0 at the end of the chunk.</returns>
    int Next(CancellationToken cancellationToken);

    /// <summary>Gets the log-probabilities of one of these positions, [vocabulary].</summary>
    void Read(int row, Span<float> logProbabilities);
}

/// <summary>Computes the log-probabilities with a model.</summary>
/// <param name="session">A session of the base model. The caller owns it.</param>
/// <param name="writer">Receives the logits of all positions, or null.</param>
internal sealed class ComputedLogits(ChunkSession session, LogitsFileWriter? writer) : IBaseLogits
{
    private readonly int _vocabulary = session.Session.Model.VocabularySize;
    private readonly LogSoftmax _softmax = new(session.Session.Model.VocabularySize);
    private float[] _logits = [];
    private int _end;

    /// <inheritdoc/>
    public float Cutoff => float.NegativeInfinity;

    /// <inheritdoc/>
    public void Begin(int chunk, ChunkedText text, CancellationToken cancellationToken)
    {
        _end = text.Context - 1;
        session.Begin(text.Input(chunk), text.First, cancellationToken);
    }

    /// <inheritdoc/>
    public int Next(CancellationToken cancellationToken)
    {
        ReadOnlySpan<float> logits = session.Next(_end, cancellationToken);
        if (_logits.Length < logits.Length)
        {
            _logits = new float[logits.Length];
        }

        logits.CopyTo(_logits);
        for (int start = 0; writer is not null && start < logits.Length; start += _vocabulary)
        {
            writer.Write(logits.Slice(start, _vocabulary));
        }

        return logits.Length / _vocabulary;
    }

    /// <inheritdoc/>
    public void Read(int row, Span<float> logProbabilities)
    {
        ReadOnlySpan<float> logits = _logits.AsSpan(row * _vocabulary, _vocabulary);
        _softmax.Read(logits);
        for (int i = 0; i < logits.Length; i++)
        {
            logProbabilities[i] = (float)((double)logits[i] - _softmax.Max - _softmax.LogSum);
        }
    }
}
