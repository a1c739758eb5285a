using System;
using System.Collections.Generic;
using EdgeRuntime.Formats;
using EdgeRuntime.Safetensors;

namespace EdgeRuntime.Conversion;

/// <summary>The rows of a tensor, computed when they are read. One caller.</summary>
/// <param name="count">The number of rows.</param>
/// <param name="columns">The number of columns.</param>
internal abstract class TensorRows(long count, int columns)
{
    /// <summary>Gets the number of rows.</summary>
    public long Count => count;

    /// <summary>Gets the number of columns.</summary>
    public int Columns => columns;

    /// <summary>Reads neighboring rows.</summary>
    /// <param name="first">The index of the first row.</param>
    /// <param name="x">[rows * columns] Receives the rows.</param>
    public abstract void Read(long first, Span<float> x);

    /// <summary>The rows of a tensor in a file.</summary>
    public sealed class OfFile(SafetensorsTensor tensor, long count, int columns) : TensorRows(count, columns)
    {
        public override void Read(long first, Span<float> x) => tensor.Read(first * Columns, x);
    }

    /// <summary>Rows that are multiplied by a scale for each block.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="scales">[block rows * block columns] The scales.</param>
    /// <param name="blockRows">The number of rows of a block.</param>
    /// <param name="blockColumns">The number of columns of a block.</param>
    public sealed class Scaled(TensorRows rows, float[] scales, long blockRows, int blockColumns) : TensorRows(rows.Count, rows.Columns)
    {
        public override void Read(long first, Span<float> x)
        {
            rows.Read(first, x);
            int perRow = (Columns + blockColumns - 1) / blockColumns;
            for (int i = 0; i < x.Length; i++)
            {
                long row = first + (i / Columns);
                x[i] *= scales[(row / blockRows * perRow) + (i % Columns / blockColumns)];
            }
        }
    }

    /// <summary>Rows of blocks of a quantized type, which keep their bytes.</summary>
    public abstract class OfBlocks(TensorType type, long count, int columns) : TensorRows(count, columns)
    {
        /// <summary>Gets the type.</summary>
        public TensorType Type => type;

        /// <summary>Reads the blocks of neighboring rows.</summary>
        /// <param name="first">The index of the first row.</param>
        /// <param name="bytes">Receives the blocks of whole rows.</param>
        public abstract void ReadBlocks(long first, Span<byte> bytes);

        public override void Read(long first, Span<float> x)
        {
            TensorFormat format = TensorFormats.Get(type);
            var bytes = new byte[x.Length / format.BlockWeights * format.BlockBytes];
            ReadBlocks(first, bytes);
            format.Dequantize(bytes, x);
        }
    }

    /// <summary>Rows in another order.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="count">The number of rows of the result.</param>
    /// <param name="source">Gets the index of a row of the result among the rows.</param>
    public sealed class Reordered(TensorRows rows, long count, Func<long, long> source) : TensorRows(count, rows.Columns)
    {
        public override void Read(long first, Span<float> x)
        {
            int total = x.Length / Columns;
            for (int row = 0; row < total;)
            {
                // Neighbors that stay neighbors are read together.
                long start = source(first + row);
                int run = 1;
                while (row + run < total && source(first + row + run) == start + run)
                {
                    run++;
                }

                rows.Read(start, x.Slice(row * Columns, run * Columns));
                row += run;
            }
        }
    }

    /// <summary>Rows with their columns in another order.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="source">Gets the index of a column of the result among the columns.</param>
    public sealed class ReorderedColumns(TensorRows rows, Func<int, int> source) : TensorRows(rows.Count, rows.Columns)
    {
        private readonly float[] _row = new float[rows.Columns];

        public override void Read(long first, Span<float> x)
        {
            rows.Read(first, x);
            for (; !x.IsEmpty; x = x[Columns..])
            {
                x[..Columns].CopyTo(_row);
                for (int column = 0; column < Columns; column++)
                {
                    x[column] = _row[source(column)];
                }
            }
        }
    }

    /// <summary>Rows with rows of zeros behind them.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="count">The number of rows of the result.</param>
    public sealed class Padded(TensorRows rows, long count) : TensorRows(count, rows.Columns)
    {
        public override void Read(long first, Span<float> x)
        {
            int found = (int)Math.Clamp(rows.Count - first, 0, x.Length / Columns) * Columns;
            x[found..].Clear();
            if (found > 0)
            {
                rows.Read(first, x[..found]);
            }
        }
    }

    /// <summary>Rows with a number added to each element.</summary>
    public sealed class Shifted(TensorRows rows, float shift) : TensorRows(rows.Count, rows.Columns)
    {
        public override void Read(long first, Span<float> x)
        {
            rows.Read(first, x);
            foreach (ref float value in x)
            {
                value += shift;
            }
        }
    }

    /// <summary>Rows that are multiplied by two factors, one after the other.</summary>
    public sealed class Multiplied(TensorRows rows, Func<long, (float First, float Second)> factors) : TensorRows(rows.Count, rows.Columns)
    {
        public override void Read(long first, Span<float> x)
        {
            rows.Read(first, x);
            for (int row = 0; row < x.Length / Columns; row++)
            {
                (float one, float two) = factors(first + row);
                foreach (ref float value in x.Slice(row * Columns, Columns))
                {
                    value = value * one * two;
                }
            }
        }
    }

    /// <summary>Rows with -exp(x) in place of each element x.</summary>
    public sealed class NegatedExponential(TensorRows rows) : TensorRows(rows.Count, rows.Columns)
    {
        public override void Read(long first, Span<float> x)
        {
            rows.Read(first, x);
            foreach (ref float value in x)
            {
                value = (float)-Math.Exp(value);
            }
        }
    }

    /// <summary>Rows of a matrix whose numbers become -1, 0 or 1 times its mean magnitude.</summary>
    public sealed class Ternary(TensorRows rows) : TensorRows(rows.Count, rows.Columns)
    {
        private const float SmallestScale = 1e-5f;

        private float _scale;

        public override void Read(long first, Span<float> x)
        {
            // The scale needs the whole matrix, so it is found when the first row is read.
            _scale = _scale > 0 ? _scale : FindScale();
            float inverse = 1 / _scale;
            rows.Read(first, x);
            foreach (ref float value in x)
            {
                value = Math.Clamp(MathF.Round(value * inverse), -1f, 1f) / inverse;
            }
        }

        private float FindScale()
        {
            var row = new float[Columns];
            double sum = 0;
            for (long i = 0; i < Count; i++)
            {
                rows.Read(i, row);
                foreach (float value in row)
                {
                    sum += Math.Abs(value);
                }
            }

            return Math.Max((float)sum / (Count * Columns), SmallestScale);
        }
    }

    /// <summary>Tensors of one shape, one behind the other.</summary>
    public sealed class Stacked(IReadOnlyList<TensorRows> parts) : TensorRows(parts.Count * parts[0].Count, parts[0].Columns)
    {
        public override void Read(long first, Span<float> x)
        {
            long each = parts[0].Count;
            while (!x.IsEmpty)
            {
                long count = Math.Min(x.Length / Columns, each - (first % each));
                parts[(int)(first / each)].Read(first % each, x[..(int)(count * Columns)]);
                x = x[(int)(count * Columns)..];
                first += count;
            }
        }
    }

    /// <summary>Matrices whose rows are the columns of other matrices. One matrix at a time is in memory.</summary>
    public sealed class Transposed(TensorRows rows, int height) : TensorRows(rows.Count / height * rows.Columns, height)
    {
        private float[] _matrix = [];
        private long _index = -1;

        public override void Read(long first, Span<float> x)
        {
            int width = rows.Columns;
            for (int i = 0; i < x.Length / Columns; i++)
            {
                long row = first + i;
                Load(row / width);
                for (int column = 0; column < Columns; column++)
                {
                    x[(i * Columns) + column] = _matrix[(column * width) + (row % width)];
                }
            }
        }

        private void Load(long index)
        {
            if (index != _index)
            {
                _matrix = _matrix.Length > 0 ? _matrix : new float[checked(Columns * rows.Columns)];
                rows.Read(index * Columns, _matrix);
                _index = index;
            }
        }
    }

    /// <summary>One row of numbers in memory.</summary>
    public sealed class OfMemory(float[] values) : TensorRows(1, values.Length)
    {
        public override void Read(long first, Span<float> x) => values.CopyTo(x);
    }
}
