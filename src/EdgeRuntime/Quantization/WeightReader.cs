using System;
using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization;

/// <summary>Reads the weights of a tensor, and refuses those that its new type can't hold. Threads may read at the same time.</summary>
internal sealed class WeightReader
{
    private const float MaxF16 = 65504;

    private readonly GgufTensor _tensor;
    private readonly TensorType _target;
    private readonly TensorFormat _format;
    private readonly float _scale;
    private readonly float _largest;

    /// <param name="tensor">The tensor, of a type with a format.</param>
    /// <param name="target">The type that the weights are to have. The scales of most types are F16.</param>
    public WeightReader(GgufTensor tensor, TensorType target)
    {
        _tensor = tensor;
        _target = target;
        _format = TensorFormats.Get(tensor.Type);
        _scale = tensor.ReadScale();
        _largest = target is TensorType.F32 or TensorType.BF16 ? float.MaxValue : MaxF16;
        Columns = checked((int)tensor.Columns);
    }

    /// <summary>Gets the number of weights per row.</summary>
    public int Columns { get; }

    /// <summary>Reads rows.</summary>
    /// <param name="first">The index of the first row.</param>
    /// <param name="weights">Receives the weights of whole rows.</param>
    /// <exception cref="ModelFormatException">A weight is not finite, or too large for the type.</exception>
    public void Read(long first, Span<float> weights)
    {
        if (_format.Type == TensorType.F32)
        {
            _tensor.ReadRows(first, MemoryMarshal.AsBytes(weights));
        }
        else
        {
            ReadBlocks(first, weights);
        }

        if (_scale != 1)
        {
            TensorPrimitives.Multiply(weights, _scale, weights);
        }

        Check(weights, first);
    }

    private void ReadBlocks(long first, Span<float> weights)
    {
        int bytes = (int)(weights.Length / Columns * _tensor.RowBytes);
        byte[] source = ArrayPool<byte>.Shared.Rent(bytes);
        try
        {
            _tensor.ReadRows(first, source.AsSpan(0, bytes));
            _format.Dequantize(source.AsSpan(0, bytes), weights);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(source);
        }
    }

    private void Check(ReadOnlySpan<float> weights, long first)
    {
        if (MathF.Abs(TensorPrimitives.MaxMagnitude(weights)) <= _largest)
        {
            return;
        }

        int bad = 0;
        while (MathF.Abs(weights[bad]) <= _largest)
        {
            bad++;
        }

        (long row, int column) = (first + (bad / Columns), bad % Columns);
        throw new ModelFormatException(
            _tensor.Part.Path,
            _tensor.FileOffset + (row * _tensor.RowBytes),
            FormattableString.Invariant($"tensor '{_tensor.Name}': found the weight {weights[bad]} in row {row}, column {column}, ")
            + FormattableString.Invariant($"expected a finite number of at most {_largest} for {_target}"));
    }
}
