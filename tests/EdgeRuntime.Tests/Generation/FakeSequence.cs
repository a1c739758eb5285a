using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Tests.Generation;

/// <summary>
/// A model whose logits are a function of the tokens before: by default a hash of the last three. Counts what is computed, and is a
/// clock on which a forward pass takes 10 ms and each token of it but the first 1 ms more, whatever the machine is busy with.
/// </summary>
internal sealed class FakeSequence(int vocabularySize, int contextLength) : TimeProvider, ISequenceState
{
    private readonly int[] _tokens = new int[contextLength];
    private readonly float[] _logits = new float[vocabularySize * 64];

    public Action<ReadOnlyMemory<int>, Memory<float>>? Model { get; init; }

    public Action? OnForward { get; set; }

    public int Computed { get; private set; }

    public int Forwards { get; private set; }

    public List<(int Keep, int Count)> Shifts { get; } = [];

    public UseGuard Guard { get; } = new(nameof(FakeSequence));

    public int VocabularySize => vocabularySize;

    public int ContextLength => contextLength;

    public int BatchTokens => 64;

    public override long TimestampFrequency => 1000;

    public int Length { get; private set; }

    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Length);

    /// <summary>Milliseconds of all forward passes.</summary>
    public override long GetTimestamp() => (9 * Forwards) + Computed;

    public ReadOnlySpan<float> Forward(ReadOnlySpan<int> tokens)
    {
        Append(tokens, CancellationToken.None);
        Compute(Length, 0);
        return GetLogits(1);
    }

    public ValueTask ForwardAsync(ReadOnlySpan<int> tokens, int logitsRows, CallContext context)
    {
        Append(tokens, context.CancellationToken);
        for (int i = 0; i < logitsRows; i++)
        {
            Compute(Length - logitsRows + i + 1, i);
        }

        return ValueTask.CompletedTask;
    }

    public ReadOnlySpan<float> GetLogits(int rows) => _logits.AsSpan(0, rows * vocabularySize);

    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    public void TakeSnapshot()
    {
    }

    public bool CanShift => true;

    public void Shift(int keep, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Shifts.Add((keep, count));
        _tokens.AsSpan(keep + count, Length - keep - count).CopyTo(_tokens.AsSpan(keep));
        Length -= count;
    }

    private void Append(ReadOnlySpan<int> tokens, CancellationToken cancellationToken)
    {
        if (Length + tokens.Length > contextLength)
        {
            throw new ContextFullException(Length, tokens.Length, contextLength);
        }

        OnForward?.Invoke();
        cancellationToken.ThrowIfCancellationRequested();
        tokens.CopyTo(_tokens.AsSpan(Length));
        Length += tokens.Length;
        Computed += tokens.Length;
        Forwards++;
    }

    private void Compute(int length, int row)
    {
        Memory<float> logits = _logits.AsMemory(row * vocabularySize, vocabularySize);
        if (Model is not null)
        {
            Model(_tokens.AsMemory(0, length), logits);
            return;
        }

        uint hash = 2166136261;
        foreach (int token in _tokens.AsSpan(Math.Max(0, length - 3), Math.Min(3, length)))
        {
            hash = (hash ^ (uint)token) * 16777619;
        }

        foreach (ref float logit in logits.Span)
        {
            hash = hash * 1664525 + 1013904223;
            logit = (hash >> 8) * (6f / (1 << 24));
        }
    }
}
