using System;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Arm;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Kernels.X86;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Core.Tests.Kernels.Attention;

/// <summary>A sequence with random queries, keys and values, its cache, and what attention makes of it.</summary>
internal sealed unsafe class AttentionCase : IDisposable
{
    private readonly TensorType _keyType;
    private readonly TensorType _valueType;
    private readonly KvLayout _layout;
    private readonly NativeBuffer _chunks;
    private readonly (float[] Key, float[] Value)?[] _cached;

    public AttentionCase(AttentionShape shape, int positions, TensorType keyType, TensorType valueType, int seed, float spread = 1)
    {
        (Shape, Positions, _keyType, _valueType) = (shape, positions, keyType, valueType);
        Random random = new(seed);
        Queries = Fill(random, positions * shape.Heads * shape.KeyLength, spread);
        Keys = Fill(random, positions * shape.KvHeads * shape.KeyLength, 1);
        Values = Fill(random, positions * shape.KvHeads * shape.ValueLength, 1);
        _layout = new KvLayout(keyType, valueType, shape.KeyLength, shape.ValueLength);
        _cached = new (float[], float[])?[positions * shape.KvHeads];
        // To the byte: what is read behind the last chunk is not ours.
        _chunks = new NativeBuffer(((positions - 1L) / KvLayout.ChunkPositions + 1) * shape.KvHeads * _layout.ChunkBytes);
        // NaN: nothing may depend on what was there.
        new Span<byte>(_chunks.Pointer, (int)_chunks.ByteLength).Fill(0xff);
        StoreAll();
    }

    public AttentionShape Shape { get; }

    public int Positions { get; }

    public float[] Queries { get; }

    public float[] Keys { get; }

    public float[] Values { get; }

    /// <summary>Floats of one position's output.</summary>
    public int OutputWidth => Shape.Heads * Shape.ValueLength;

    public static AttentionShape Plain(int heads, int kvHeads, int keyLength, int valueLength) => new()
    {
        Heads = heads,
        KvHeads = kvHeads,
        KeyLength = keyLength,
        ValueLength = valueLength,
        Scale = 1 / MathF.Sqrt(keyLength),
    };

    public void Dispose() => _chunks.Dispose();

    /// <summary>The kernel for vectors of so many lanes.</summary>
    public AttentionKernel Kernel(int lanes) => lanes switch
    {
        16 => AttentionKernel.Create<Lanes512>(Shape, _keyType, _valueType),
        8 => AttentionKernel.Create<Lanes256>(Shape, _keyType, _valueType),
        4 => AttentionKernel.Create<Lanes128>(Shape, _keyType, _valueType),
        _ => AttentionKernel.Create<LanesScalar>(Shape, _keyType, _valueType),
    };

    /// <summary>The kernel for this machine's widest vectors.</summary>
    public AttentionKernel Kernel() => Kernel(LaneWidths.All[0]);

    /// <summary>Output of all positions, computed in batches of so many tokens, items in reverse order where asked.</summary>
    public float[] Compute(AttentionKernel kernel, int batch, bool reverse = false)
    {
        float[] output = new float[Positions * OutputWidth];
        for (int start = 0; start < Positions; start += batch)
        {
            Compute(kernel, start, int.Min(batch, Positions - start), output, reverse);
        }

        return output;
    }

    /// <summary>Output of the tokens [start, start + tokens) into their place in output [positions][heads * valueLength].</summary>
    public void Compute(AttentionKernel kernel, int start, int tokens, float[] output, bool reverse = false) =>
        ComputeTogether(kernel, [(this, start, tokens, output)], reverse);

    /// <summary>Slices of several sequences of one shape in one batch.</summary>
    public static void ComputeTogether(
        AttentionKernel kernel, (AttentionCase Sequence, int Start, int Tokens, float[] Output)[] slices, bool reverse = false)
    {
        long partialBytes = 0;
        foreach ((_, int start, int tokens, _) in slices)
        {
            partialBytes += kernel.PartialBytes(start, tokens);
        }

        using NativeBuffer scratch = new(kernel.ScratchBytes);
        using NativeBuffer partials = new(partialBytes);
        using PinnedArrays pins = new();
        new Span<byte>(scratch.Pointer, (int)scratch.ByteLength).Fill(0xff);
        new Span<byte>(partials.Pointer, (int)partials.ByteLength).Fill(0xff);
        AttentionBatch batch = new();
        batch.Begin(kernel, partials.Pointer, partials.ByteLength);
        foreach ((AttentionCase sequence, int start, int tokens, float[] output) in slices)
        {
            batch.Add(sequence.Slice(start, tokens, pins.Pin(sequence.Queries), pins.Pin(output)));
        }

        for (int i = 0; i < batch.Items; i++)
        {
            batch.Compute(reverse ? batch.Items - 1 - i : i, scratch.Pointer);
        }

        for (int i = 0; i < batch.MergeItems; i++)
        {
            batch.Merge(i);
        }
    }

    /// <summary>What the documentation says that the output of a position and head is, whose batch ends at
    /// <paramref name="end"/>.</summary>
    public float[] Define(int position, int head, int end) =>
        Definition(head).Compute(Query(position, head), head, position, end);

    /// <summary>The same in double precision.</summary>
    public double[] DefineInDouble(int position, int head, int end) =>
        Definition(head).ComputeInDouble(Query(position, head), head, position, end);

    private AttentionDefinition Definition(int head) =>
        new(Shape, p => Cached(head / Shape.Group, p).Key, p => Cached(head / Shape.Group, p).Value);

    private float[] Query(int position, int head) =>
        Queries.AsSpan(((position * Shape.Heads) + head) * Shape.KeyLength, Shape.KeyLength).ToArray();

    /// <summary>What the cache holds of a position's key and value, as float.</summary>
    private (float[] Key, float[] Value) Cached(int kvHead, int position) =>
        _cached[(position * Shape.KvHeads) + kvHead] ??= ReadCached(kvHead, position);

    private (float[] Key, float[] Value) ReadCached(int kvHead, int position)
    {
        float[] panel = new float[Shape.KeyLength * KvLayout.PanelPositions];
        float[] value = new float[KvLayout.ValueLanes(Shape.ValueLength)];
        fixed (float* p = panel, v = value)
        {
            int inChunk = position % KvLayout.ChunkPositions;
            _layout.ExpandKeys(Chunk(kvHead, position), inChunk / KvLayout.PanelPositions, p);
            _layout.ExpandValue(Chunk(kvHead, position), inChunk, v);
        }

        float[] key = new float[Shape.KeyLength];
        for (int i = 0; i < key.Length; i++)
        {
            key[i] = panel[(i * KvLayout.PanelPositions) + (position % KvLayout.PanelPositions)];
        }

        return (key, value[..Shape.ValueLength]);
    }

    private AttentionSlice Slice(int start, int tokens, float* queries, float* output) => new()
    {
        Chunks = _chunks.Pointer,
        ChunkStride = (long)Shape.KvHeads * _layout.ChunkBytes,
        RingChunks = ((Positions - 1) / KvLayout.ChunkPositions) + 1,
        HeadStride = _layout.ChunkBytes,
        Queries = queries + (start * Shape.Heads * Shape.KeyLength),
        QueryStride = Shape.Heads * Shape.KeyLength,
        Output = output + (start * OutputWidth),
        OutputStride = OutputWidth,
        Start = start,
        Tokens = tokens,
    };

    private byte* Chunk(int kvHead, int position) =>
        _chunks.Pointer + (((position / KvLayout.ChunkPositions * (long)Shape.KvHeads) + kvHead) * _layout.ChunkBytes);

    private static float[] Fill(Random random, int count, float spread)
    {
        float[] x = new float[count];
        for (int i = 0; i < count; i++)
        {
            x[i] = (float)((random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 2 * spread);
        }

        return x;
    }

    private void StoreAll()
    {
        fixed (float* keys = Keys, values = Values)
        {
            for (int position = 0; position < Positions; position++)
            {
                for (int kvHead = 0; kvHead < Shape.KvHeads; kvHead++)
                {
                    int row = (position * Shape.KvHeads) + kvHead;
                    _layout.StoreKey(Chunk(kvHead, position), position % KvLayout.ChunkPositions, keys + (row * Shape.KeyLength));
                    _layout.StoreValue(Chunk(kvHead, position), position % KvLayout.ChunkPositions, values + (row * Shape.ValueLength));
                }
            }
        }
    }
}
