using System;
using EdgeRuntime.Engine;
using EdgeRuntime.Modules;
using EdgeRuntime.State;

namespace EdgeRuntime.Cpu;

/// <summary>What the CPU engine requires of a batch.</summary>
internal static class BatchRules
{
    /// <summary>Checks a batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="engine">The engine that is to run it.</param>
    /// <returns>The size of the batch.</returns>
    /// <exception cref="ArgumentException">The engine can't run the batch; the message says why.</exception>
    /// <exception cref="ContextFullException">A slice has more tokens than its state has room for.</exception>
    public static BatchSize Check(ReadOnlySpan<BatchSlice> batch, CpuEngine engine)
    {
        BatchSize size = default;
        foreach (ref readonly BatchSlice slice in batch)
        {
            if (slice.State is not SequenceState state || !ReferenceEquals(state.Owner, engine))
            {
                throw new ArgumentException("a state of another engine; states run on the engine that created them", nameof(batch));
            }

            ObjectDisposedException.ThrowIf(state.IsDisposed, state);
            RequireSlice(slice, state, engine);
            foreach (ref readonly BatchSlice other in batch[..size.Sequences])
            {
                if (ReferenceEquals(other.State, state))
                {
                    throw new ArgumentException("a state in two slices of a batch; expected one slice for each sequence", nameof(batch));
                }
            }

            var one = new BatchSize(size.Rows + slice.Tokens.Length, size.Sequences + 1, state.Capacity, state.Types);
            if (size.Sequences > 0 && one.Types != size.Types)
            {
                throw new ArgumentException(
                    $"states with caches of {size.Types} and of {one.Types} in one batch; run them in batches of their own", nameof(batch));
            }

            size = size.With(one);
        }

        return size;
    }

    private static void RequireSlice(in BatchSlice slice, SequenceState state, CpuEngine engine)
    {
        int rows = slice.OutputRows;
        int width = slice.Kind == OutputKind.Logits ? engine.VocabularySize : engine.HiddenSize;
        if (slice.Tokens.IsEmpty || rows < 0 || rows > slice.Tokens.Length || slice.Output.Length < (long)rows * width)
        {
            throw new ArgumentException(
                $"{slice.Tokens.Length} tokens with {rows} outputs of {width} floats and room for {slice.Output.Length} floats; "
                + "expected one token or more, at most as many outputs, and room for them",
                nameof(slice));
        }

        if (rows > 0 && slice.Kind == OutputKind.Logits && !engine.HasLogits)
        {
            throw new ArgumentException("logits of a model that has none; expected OutputKind.Hidden", nameof(slice));
        }

        int wrong = slice.Tokens.Span.IndexOfAnyExceptInRange(0, engine.VocabularySize - 1);
        if (wrong >= 0)
        {
            throw new ArgumentException($"token id {slice.Tokens.Span[wrong]}; expected 0 to {engine.VocabularySize - 1}", nameof(slice));
        }

        if (slice.Tokens.Length > state.Capacity - state.Length)
        {
            throw new ContextFullException(state.Length, slice.Tokens.Length, state.Capacity);
        }

        if (state.Length > 0 && (state.Abilities & StateAbilities.WholePasses) != 0)
        {
            throw new ArgumentException(
                $"{slice.Tokens.Length} tokens for a state of {state.Length} positions: positions of this model attend to later ones too, "
                + "so a text is computed in one pass; truncate the state to 0 and give it the whole text",
                nameof(slice));
        }

        if (slice.Tokens.Length > state.BatchTokens)
        {
            throw new ArgumentException(
                $"{slice.Tokens.Length} tokens for a state that was created for up to {state.BatchTokens}", nameof(slice));
        }
    }
}
