using System;
using EdgeRuntime.Engine;

namespace EdgeRuntime.Onnx.Runtime;

/// <summary>What the engine requires of a batch.</summary>
internal static class OnnxBatch
{
    /// <summary>Checks a batch.</summary>
    /// <exception cref="ArgumentException">The engine can't run the batch; the message says why.</exception>
    /// <exception cref="ContextFullException">A slice has more tokens than its state has room for.</exception>
    /// <exception cref="NotSupportedException">A slice asks for hidden states.</exception>
    public static void Check(ReadOnlySpan<BatchSlice> batch, OnnxEngine engine)
    {
        for (int i = 0; i < batch.Length; i++)
        {
            if (batch[i].State is not OnnxState state || state.Owner != engine)
            {
                throw new ArgumentException("a state of another engine; states run on the engine that created them", nameof(batch));
            }

            ObjectDisposedException.ThrowIf(state.IsDisposed, state);
            CheckSlice(batch[i], state, engine);
            foreach (ref readonly BatchSlice other in batch[..i])
            {
                if (ReferenceEquals(other.State, state))
                {
                    throw new ArgumentException("a state in two slices of a batch; expected one slice for each sequence", nameof(batch));
                }
            }
        }
    }

    private static void CheckSlice(in BatchSlice slice, OnnxState state, OnnxEngine engine)
    {
        int rows = slice.OutputRows;
        int vocabulary = engine.VocabularySize;
        if (rows > 0 && slice.Kind != OutputKind.Logits)
        {
            throw new NotSupportedException($"{engine.Name} computes logits only; embeddings need the built-in engine (device 'cpu')");
        }

        if (slice.Tokens.IsEmpty || rows < 0 || rows > slice.Tokens.Length || slice.Output.Length < (long)rows * vocabulary)
        {
            throw new ArgumentException(
                $"{slice.Tokens.Length} tokens with {rows} outputs of {vocabulary} floats and room for {slice.Output.Length} floats; "
                + "expected one token or more, at most as many outputs, and room for them",
                nameof(slice));
        }

        int wrong = slice.Tokens.Span.IndexOfAnyExceptInRange(0, vocabulary - 1);
        if (wrong >= 0)
        {
            throw new ArgumentException($"token id {slice.Tokens.Span[wrong]}; expected 0 to {vocabulary - 1}", nameof(slice));
        }

        if (slice.Tokens.Length > state.Capacity - state.Length)
        {
            throw new ContextFullException(state.Length, slice.Tokens.Length, state.Capacity);
        }
    }
}
