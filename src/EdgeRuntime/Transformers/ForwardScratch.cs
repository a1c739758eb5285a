using System;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Transformers;

/// <summary>
/// The buffers of a forward pass, for batches of up to a fixed number of tokens. Owns them; one pass at a time.
/// </summary>
internal sealed unsafe class ForwardScratch : IDisposable
{
    private readonly NativeBuffer _memory;
    private readonly NativeBuffer[] _threads;

    /// <param name="spec">Widths.</param>
    /// <param name="maxTokens">Most tokens of a batch.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="matmulBytes">Scratch that a matrix needs a thread.</param>
    public ForwardScratch(TransformerSpec spec, int maxTokens, int threads, long matmulBytes)
    {
        MaxTokens = maxTokens;
        int widest = Math.Max(Math.Max(spec.Hidden, spec.AttentionWidth), spec.FeedForward);
        long activations = Math.Max(
            ActivationLayout.ByteSize(ActivationKind.Float32, widest, maxTokens),
            ActivationLayout.ByteSize(ActivationKind.Int8, widest, maxTokens));

        var plan = new Layout();
        long x = plan.Floats(spec.Hidden, maxTokens);
        long delta = plan.Floats(spec.Hidden, maxTokens);

        // Attention and feed-forward take turns: their buffers lie in the same memory.
        long shared = plan.Next;
        long normed = plan.Floats(spec.Hidden, maxTokens);
        long query = plan.Floats(spec.QueryWidth, maxTokens);
        long key = plan.Floats(spec.KeyWidth, maxTokens);
        long value = plan.Floats(spec.ValueWidth, maxTokens);
        long attention = plan.Floats(spec.AttentionWidth, maxTokens);
        plan.Next = shared;
        long gate = plan.Floats(spec.FeedForward, maxTokens);
        long up = plan.Floats(spec.FeedForward, maxTokens);
        plan.Next = plan.Total;

        long cos = plan.Floats(spec.Rope.Dimensions / 2, maxTokens);
        long sin = plan.Floats(spec.Rope.Dimensions / 2, maxTokens);
        long int8 = plan.Bytes(activations);
        long float32 = plan.Bytes(activations);
        _memory = new NativeBuffer(plan.Total);
        byte* start = _memory.Pointer;
        X = (float*)(start + x);
        Normed = (float*)(start + normed);
        Delta = (float*)(start + delta);
        Query = (float*)(start + query);
        Key = (float*)(start + key);
        Value = (float*)(start + value);
        Attention = (float*)(start + attention);
        Gate = (float*)(start + gate);
        Up = (float*)(start + up);
        Cos = (float*)(start + cos);
        Sin = (float*)(start + sin);
        Int8 = start + int8;
        Float32 = start + float32;

        _threads = new NativeBuffer[threads];
        _matmulBytes = NativeBuffer.Align(matmulBytes);
        _rowBytes = ((long)widest * sizeof(float)) + NativeBuffer.Alignment;
        long int8RowBytes = ActivationLayout.ByteSize(ActivationKind.Int8, widest, 1) + NativeBuffer.Alignment;
        for (int i = 0; i < threads; i++)
        {
            _threads[i] = new NativeBuffer(_matmulBytes + _rowBytes + int8RowBytes);
        }
    }

    private readonly long _matmulBytes;
    private readonly long _rowBytes;

    public int MaxTokens { get; }

    /// <summary>[tokens, hidden]: the residual stream.</summary>
    public float* X { get; }

    /// <summary>[tokens, hidden]: x after a norm; until the projections of a block are multiplied.</summary>
    public float* Normed { get; }

    /// <summary>[tokens, hidden]: what a block adds to x.</summary>
    public float* Delta { get; }

    /// <summary>[tokens, heads * key length].</summary>
    public float* Query { get; }

    /// <summary>[tokens, KV heads * key length].</summary>
    public float* Key { get; }

    /// <summary>[tokens, KV heads * value length].</summary>
    public float* Value { get; }

    /// <summary>[tokens, heads * value length]: the attention's output.</summary>
    public float* Attention { get; }

    /// <summary>[tokens, feed-forward]; after SwiGLU the input of the down projection. Shares memory with what attention needs.</summary>
    public float* Gate { get; }

    /// <summary>[tokens, feed-forward]. Shares memory with what attention needs.</summary>
    public float* Up { get; }

    /// <summary>[tokens, rope pairs].</summary>
    public float* Cos { get; }

    /// <summary>[tokens, rope pairs].</summary>
    public float* Sin { get; }

    /// <summary>The batch's activations, quantized.</summary>
    public byte* Int8 { get; }

    /// <summary>The batch's activations, interleaved floats.</summary>
    public byte* Float32 { get; }

    public long ByteSize => _memory.ByteLength;

    /// <summary>A thread's scratch for matrices.</summary>
    public byte* Matmul(int thread) => _threads[thread].Pointer;

    /// <summary>A thread's own row of floats, as wide as the widest tensor.</summary>
    public float* Row(int thread) => (float*)(_threads[thread].Pointer + _matmulBytes);

    /// <summary>A thread's own quantized row.</summary>
    public byte* Int8Row(int thread) => _threads[thread].Pointer + _matmulBytes + _rowBytes;

    public void Dispose()
    {
        _memory.Dispose();
        foreach (NativeBuffer thread in _threads)
        {
            thread.Dispose();
        }
    }

    /// <summary>Offsets of buffers, each on its own cache line.</summary>
    private sealed class Layout
    {
        /// <summary>Where the next buffer begins.</summary>
        public long Next { get; set; }

        /// <summary>The end of all buffers.</summary>
        public long Total { get; private set; }

        public long Floats(int width, int tokens) => Bytes((long)width * tokens * sizeof(float));

        public long Bytes(long count)
        {
            long offset = Next;
            Next += NativeBuffer.Align(count);
            Total = Math.Max(Total, Next);
            return offset;
        }
    }
}
