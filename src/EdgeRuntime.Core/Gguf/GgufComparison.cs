using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Numerics.Tensors;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Gguf;

/// <summary>Describes a key that two files do not have alike.</summary>
/// <param name="Key">The key.</param>
/// <param name="Left">The value in the first file, in a short form; null if it does not have the key.</param>
/// <param name="Right">The value in the second file.</param>
public sealed record GgufKeyDifference(string Key, string? Left, string? Right);

/// <summary>Describes a tensor that two files do not have alike.</summary>
/// <param name="Name">The name.</param>
/// <param name="Left">The type and shape in the first file; null if it does not have the tensor.</param>
/// <param name="Right">The type and shape in the second file.</param>
/// <param name="RelativeError">
/// The root mean square of the differences, divided by that of the weights of the first file; null if the weights can't be compared.
/// </param>
/// <param name="LargestError">The largest difference of two weights; null if the weights can't be compared.</param>
public sealed record GgufTensorDifference(string Name, string? Left, string? Right, double? RelativeError, double? LargestError);

/// <summary>Compares two files: their metadata, and the types, shapes and weights of their tensors.</summary>
/// <example>
/// <code>
/// using GgufFile left = GgufFile.Open("model.gguf");
/// using GgufFile right = GgufFile.Open("model.gguf");
/// GgufComparison comparison = GgufComparison.Compare(left, right);
/// Console.WriteLine(comparison.IsEqual ? "equal" : $"{comparison.Keys.Count} keys, {comparison.Tensors.Count} tensors");
/// </code>
/// </example>
public sealed class GgufComparison
{
    private const int PieceWeights = 1 << 16;

    private GgufComparison(IReadOnlyList<GgufKeyDifference> keys, IReadOnlyList<GgufTensorDifference> tensors) =>
        (Keys, Tensors) = (keys, tensors);

    /// <summary>Gets the keys that differ, in the order of the files.</summary>
    public IReadOnlyList<GgufKeyDifference> Keys { get; }

    /// <summary>Gets the tensors that differ, in the order of the files.</summary>
    public IReadOnlyList<GgufTensorDifference> Tensors { get; }

    /// <summary>Gets whether keys and tensors are alike. Their order in the files does not matter.</summary>
    public bool IsEqual => Keys.Count == 0 && Tensors.Count == 0;

    /// <summary>Compares two files.</summary>
    /// <param name="left">The first file.</param>
    /// <param name="right">The second file.</param>
    /// <param name="progress">Receives the share of the work that is done, from 0 to 1.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <exception cref="IOException">A file can't be read any more.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static GgufComparison Compare(
        GgufFile left, GgufFile right, IProgress<float>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        Action<long> count = GgufCopy.Count(left.Tensors.Sum(static tensor => tensor.ByteLength), progress);
        var tensors = new List<GgufTensorDifference>();
        foreach (GgufTensor tensor in left.Tensors)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Compare(tensor, right.FindTensor(tensor.Name), cancellationToken) is { } difference)
            {
                tensors.Add(difference);
            }

            count(tensor.ByteLength);
        }

        tensors.AddRange(right.Tensors.Where(tensor => left.FindTensor(tensor.Name) is null)
            .Select(static tensor => new GgufTensorDifference(tensor.Name, null, Describe(tensor), null, null)));
        return new GgufComparison([.. CompareKeys(left.Metadata, right.Metadata)], tensors);
    }

    private static IEnumerable<GgufKeyDifference> CompareKeys(GgufMetadata left, GgufMetadata right)
    {
        foreach (string key in left.Keys)
        {
            if (left.GetShape(key) != right.GetShape(key) || !left.ReadBytes(key).AsSpan().SequenceEqual(right.ReadBytes(key)))
            {
                yield return new GgufKeyDifference(key, Show(left, key), Show(right, key));
            }
        }

        foreach (string key in right.Keys.Where(key => !left.Contains(key)))
        {
            yield return new GgufKeyDifference(key, null, Show(right, key));
        }
    }

    /// <summary>Formats a value and its type in one line; null if the file does not have the key.</summary>
    private static string? Show(GgufMetadata metadata, string key) =>
        !metadata.TryGetValue(key, out object? value) ? null
        : value is string text ? $"{metadata.GetShape(key)} {GgufText.Quote(text)}"
        : value is Array ? $"{metadata.GetShape(key)}"
        : FormattableString.Invariant($"{metadata.GetShape(key)} {value}");

    private static string Describe(GgufTensor tensor) => $"{tensor.Type} [{string.Join(", ", tensor.UsedDimensions.ToArray())}]";

    private static GgufTensorDifference? Compare(GgufTensor left, GgufTensor? right, CancellationToken cancellationToken)
    {
        if (right is null || !left.Dimensions.SequenceEqual(right.Dimensions))
        {
            return new GgufTensorDifference(left.Name, Describe(left), right is null ? null : Describe(right), null, null);
        }

        if (TensorFormats.Find(left.Type) is null || TensorFormats.Find(right.Type) is null)
        {
            return left.Type == right.Type && HaveSameBytes(left, right)
                ? null
                : new GgufTensorDifference(left.Name, Describe(left), Describe(right), null, null);
        }

        var sums = new ErrorSums(left, right);
        sums.Add(cancellationToken);
        return sums.HaveSameBytes && left.Type == right.Type ? null
            : new GgufTensorDifference(left.Name, Describe(left), Describe(right), sums.RelativeError, sums.LargestError);
    }

    private static bool HaveSameBytes(GgufTensor left, GgufTensor right)
    {
        byte[] piece = new byte[2 * PieceWeights];
        for (long offset = 0; offset < left.ByteLength; offset += PieceWeights)
        {
            int length = (int)Math.Min(PieceWeights, left.ByteLength - offset);
            left.ReadBytes(offset, piece.AsSpan(0, length));
            right.ReadBytes(offset, piece.AsSpan(PieceWeights, length));
            if (!piece.AsSpan(0, length).SequenceEqual(piece.AsSpan(PieceWeights, length)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The differences of two tensors of the same shape. Threads share the rows; the sums do not depend on them.</summary>
    private sealed class ErrorSums(GgufTensor left, GgufTensor right)
    {
        private readonly (float Scale, TensorFormat Format) _left = (left.ReadScale(), TensorFormats.Get(left.Type));
        private readonly (float Scale, TensorFormat Format) _right = (right.ReadScale(), TensorFormats.Get(right.Type));
        private double _errors;
        private double _weights;

        public bool HaveSameBytes { get; private set; } = true;

        public double LargestError { get; private set; }

        public double RelativeError => Math.Sqrt(_weights > 0 ? _errors / _weights : _errors);

        public void Add(CancellationToken cancellationToken)
        {
            int rows = (int)Math.Clamp(PieceWeights / left.Columns, 1, left.Rows);
            int pieces = checked((int)((left.Rows + rows - 1) / rows));
            var sums = new (double Errors, double Weights, float Largest, bool IsSame)[pieces];
            var options = new ParallelOptions { CancellationToken = cancellationToken };
            Parallel.For(0, pieces, options, piece =>
            {
                long first = (long)piece * rows;
                sums[piece] = Measure(first, (int)Math.Min(rows, left.Rows - first));
            });
            foreach ((double errors, double weights, float largest, bool isSame) in sums)
            {
                _errors += errors;
                _weights += weights;
                LargestError = Math.Max(LargestError, largest);
                HaveSameBytes &= isSame;
            }

            HaveSameBytes &= _left.Scale.Equals(_right.Scale);
        }

        private (double Errors, double Weights, float Largest, bool IsSame) Measure(long first, int rows)
        {
            int count = checked((int)(rows * left.Columns));
            float[] buffer = ArrayPool<float>.Shared.Rent(2 * count);
            try
            {
                Span<float> mine = buffer.AsSpan(0, count);
                Span<float> others = buffer.AsSpan(count, count);
                ReadOnlySpan<byte> leftBytes = Read(left, _left, first, rows, mine);
                ReadOnlySpan<byte> rightBytes = Read(right, _right, first, rows, others);
                double weights = TensorPrimitives.SumOfSquares<float>(mine);
                TensorPrimitives.Subtract(mine, others, mine);
                return (
                    TensorPrimitives.SumOfSquares<float>(mine),
                    weights,
                    MathF.Abs(TensorPrimitives.MaxMagnitude<float>(mine)),
                    leftBytes.SequenceEqual(rightBytes));
            }
            finally
            {
                ArrayPool<float>.Shared.Return(buffer);
            }
        }

        private static ReadOnlySpan<byte> Read(
            GgufTensor tensor, (float Scale, TensorFormat Format) type, long first, int rows, Span<float> weights)
        {
            ReadOnlySpan<byte> bytes = tensor.GetRows(first, rows);
            type.Format.Dequantize(bytes, weights);
            TensorPrimitives.Multiply(weights, type.Scale, weights);
            return bytes;
        }
    }
}
