using System;
using System.Collections.Generic;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace EdgeRuntime.Onnx.Runtime;

/// <summary>
/// Reads the cache of a state as floats. Where the cache lies in the memory of the device, it holds a copy of one layer at a time.
/// </summary>
/// <param name="session">The session; not owned.</param>
/// <param name="caches">The cache, keys and values of each layer in turn; not owned.</param>
/// <param name="capacity">The number of positions of the cache.</param>
internal sealed class CacheReader(OnnxSession session, IReadOnlyList<OrtValue> caches, int capacity) : IDisposable
{
    private OrtValue? _keys;
    private OrtValue? _values;
    private int _layer = -1;

    /// <inheritdoc cref="State.KeyValueReader"/>
    public void Read(int layer, int first, int count, Span<float> keys, Span<float> values)
    {
        (int key, int value) = (2 * layer, (2 * layer) + 1);
        if (session.HasHostCache)
        {
            Copy(caches[key], session.Form.Cache[key], first, count, keys);
            Copy(caches[value], session.Form.Cache[value], first, count, values);
            return;
        }

        if (layer != _layer)
        {
            _keys = Fetch(_keys, key);
            _values = Fetch(_values, value);
            _layer = layer;
        }

        Copy(_keys!, session.Form.Cache[key], first, count, keys);
        Copy(_values!, session.Form.Cache[value], first, count, values);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _keys?.Dispose();
        _values?.Dispose();
    }

    /// <summary>Copies a tensor of the device, into the memory of the last one where it fits.</summary>
    private OrtValue Fetch(OrtValue? last, int index)
    {
        CacheTensor cache = session.Form.Cache[index];
        long[] shape = [1, cache.Heads, capacity, cache.HeadSize];
        if (last is null || !last.GetTensorTypeAndShape().Shape.AsSpan().SequenceEqual(shape))
        {
            last?.Dispose();
            last = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, cache.Type, shape);
        }

        OrtEnv.Instance().CopyTensors([caches[index]], [last], null);
        return last;
    }

    /// <summary>Copies the first elements of each head: those behind them are padding.</summary>
    private void Copy(OrtValue tensor, CacheTensor cache, int first, int count, Span<float> target)
    {
        Span<byte> bytes = tensor.GetTensorMutableRawData();
        int length = target.Length / (cache.Heads * count);
        int row = cache.HeadSize * cache.ElementBytes;
        for (int head = 0; head < cache.Heads; head++)
        {
            for (int i = 0; i < count; i++)
            {
                int at = checked(((head * capacity) + first + i) * row);
                Widen(bytes.Slice(at, length * cache.ElementBytes), cache.Type, target.Slice(((head * count) + i) * length, length));
            }
        }
    }

    private static void Widen(ReadOnlySpan<byte> source, TensorElementType type, Span<float> target)
    {
        if (type == TensorElementType.Float)
        {
            MemoryMarshal.Cast<byte, float>(source).CopyTo(target);
        }
        else if (type == TensorElementType.Float16)
        {
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), target);
        }
        else
        {
            ReadOnlySpan<ushort> upper = MemoryMarshal.Cast<byte, ushort>(source); // of the bits of a float
            for (int i = 0; i < upper.Length; i++)
            {
                target[i] = BitConverter.UInt32BitsToSingle((uint)upper[i] << 16);
            }
        }
    }
}
