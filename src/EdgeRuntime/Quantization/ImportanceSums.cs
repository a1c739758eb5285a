using System;
using System.Numerics.Tensors;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization;

/// <summary>The sums of the squares of the activations that the columns of a tensor multiply. Immutable.</summary>
/// <param name="squares">
/// [matrices, columns]: finite numbers of at least 0. Its length is a multiple of the length of <paramref name="counts"/>.
/// </param>
/// <param name="counts">The number of rows of activations: one for each matrix, or one for all. One or more, none negative.</param>
internal sealed class ImportanceSums(float[] squares, long[] counts)
{
    /// <summary>Gets the sums, [matrices, columns].</summary>
    public ReadOnlySpan<float> Squares => squares;

    /// <summary>Gets the number of rows: one for each matrix, or one for all.</summary>
    public long[] Counts => counts;

    /// <summary>Computes the means, [matrices, columns]; 1 for a matrix without rows.</summary>
    public float[] Means()
    {
        float[] means = new float[squares.Length];
        int columns = squares.Length / counts.Length;
        for (int matrix = 0; matrix < counts.Length; matrix++)
        {
            Span<float> row = means.AsSpan(matrix * columns, columns);
            if (counts[matrix] > 0)
            {
                TensorPrimitives.Divide(squares.AsSpan(matrix * columns, columns), (float)counts[matrix], row);
            }
            else
            {
                row.Fill(1);
            }
        }

        return means;
    }

    /// <summary>Adds other sums of the same length. A single count stands for all matrices.</summary>
    /// <param name="tensor">The name of the tensor, for the error.</param>
    /// <param name="other">The other sums.</param>
    /// <exception cref="ArgumentException">A sum or a count becomes too large, or the numbers of matrices differ.</exception>
    public ImportanceSums Plus(string tensor, ImportanceSums other)
    {
        int matrices = Math.Max(counts.Length, other.Counts.Length);
        float[] sum = new float[squares.Length];
        long[] rows = new long[matrices];
        TensorPrimitives.Add(squares, other.Squares, sum);
        bool fits = IsMultiple(matrices, counts.Length) && IsMultiple(matrices, other.Counts.Length);
        for (int matrix = 0; fits && matrix < matrices; matrix++)
        {
            rows[matrix] = counts[counts.Length == 1 ? 0 : matrix] + other.Counts[other.Counts.Length == 1 ? 0 : matrix];
        }

        return fits && float.IsFinite(TensorPrimitives.Max(sum)) && rows.AsSpan().IndexOfAnyExceptInRange(0, ImportanceFile.MaxCount) < 0
            ? new ImportanceSums(sum, rows)
            : throw new ArgumentException(
                $"tensor {GgufText.Quote(tensor)}: the matrices can't be added: the sums become too large, or the numbers of experts "
                + $"({counts.Length} and {other.Counts.Length}) differ",
                nameof(other));
    }

    private static bool IsMultiple(int matrices, int counted) => counted == 1 || counted == matrices;
}
