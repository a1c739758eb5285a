using System;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Weights;

/// <summary>What an adapter adds to the product of a matrix: y += Scale * B (A x). Owns A and B. Immutable.</summary>
internal sealed unsafe class LowRankUpdate : IDisposable
{
    private readonly NativeBuffer _up;

    /// <param name="adapter">The adapter.</param>
    /// <param name="down">A [rank, columns], F32 and packed; owned from here on.</param>
    /// <param name="up">B transposed, [rank, rows].</param>
    /// <param name="scale">The factor, without that of the sequence.</param>
    public LowRankUpdate(LoraAdapter adapter, Projection down, ReadOnlySpan<float> up, float scale)
    {
        Adapter = adapter;
        Down = down;
        Scale = scale;
        _up = new NativeBuffer((long)up.Length * sizeof(float));
        up.CopyTo(new Span<float>(_up.Pointer, up.Length));
    }

    public LoraAdapter Adapter { get; }

    /// <summary>Gets A [rank, columns].</summary>
    public Projection Down { get; }

    public float Scale { get; }

    public int Rank => Down.Rows;

    public long ByteSize => Down.Matrix.ByteSize + _up.ByteLength;

    /// <summary>Gets B transposed, [rank, rows].</summary>
    public float* Up => (float*)_up.Pointer;

    public void Dispose()
    {
        Down.Dispose();
        _up.Dispose();
    }
}
