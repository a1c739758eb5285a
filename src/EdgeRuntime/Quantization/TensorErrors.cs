using System;
using System.Linq;
using System.Numerics.Tensors;
using System.Threading;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization;

/// <summary>Measures the errors of a tensor. Threads share the rows; the result does not depend on their number.</summary>
internal sealed class TensorErrors
{
    private readonly GgufTensor _tensor;
    private readonly int _rows; // that are measured
    private readonly RowImportance _importance;
    private readonly QuantizationErrorOptions _options;
    private readonly WeightReader _reader;
    private readonly TensorFormat[] _formats;
    private readonly QuantizationScheme[] _schemes;
    private readonly int _pieceRows;

    /// <param name="tensor">The tensor, of a type with a format.</param>
    /// <param name="rows">The number of rows that are measured; see <see cref="SampleRows"/>.</param>
    /// <param name="importance">[matrices, columns], or empty.</param>
    /// <param name="options">What is measured.</param>
    public TensorErrors(GgufTensor tensor, int rows, ReadOnlyMemory<float> importance, QuantizationErrorOptions options)
    {
        _tensor = tensor;
        _rows = rows;
        _importance = new RowImportance(tensor, importance);
        _options = options;
        _reader = new WeightReader(tensor, TensorType.F16); // of the scales
        _formats =
        [
            .. options.Types.Distinct().Select(TensorFormats.Get).Where(
                format => _reader.Columns % format.BlockWeights == 0 && !(format.RequiresImportance && importance.IsEmpty)),
        ];
        _schemes =
        [
            .. from bits in options.Bits.Distinct()
               from granularity in Enum.GetValues<ScaleGranularity>()
               from isSymmetric in (bool[])[true, false]
               select new QuantizationScheme(bits, granularity, isSymmetric),
        ];
        _pieceRows = PieceLoop.RowsOfPiece(Columns, rows);
    }

    private int Columns => _reader.Columns;

    private int Pieces => (_rows + _pieceRows - 1) / _pieceRows;

    /// <summary>Gets the number of rows of a tensor that are measured.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="maxWeights">The number of weights that are measured at most; 0 for all. At least one row is measured.</param>
    public static int SampleRows(GgufTensor tensor, long maxWeights) => (int)Math.Clamp(
        maxWeights == 0 ? tensor.Rows : maxWeights / tensor.Columns, 1, Math.Min(tensor.Rows, Array.MaxLength));

    /// <summary>Measures the tensor.</summary>
    /// <param name="count">Receives the numbers of weights that are done.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <exception cref="ModelFormatException">A weight is not finite, or too large for F16 scales.</exception>
    public TensorErrorReport Measure(Action<long> count, CancellationToken cancellationToken)
    {
        var distribution = WeightDistribution.Merge(Run(
            (rows, _) => WeightDistribution.Of(rows.Weights), static _ => { }, cancellationToken));
        PieceErrors[] pieces = Run((rows, scratch) => Measure(rows, distribution, scratch), count, cancellationToken);
        double squares = pieces.Sum(static piece => piece.SquaredWeights);
        double Relative(int way)
        {
            double errors = pieces.Sum(piece => piece.Errors[way]);
            return Math.Sqrt(squares > 0 ? errors / squares : errors);
        }

        double fourth = pieces.Sum(static piece => piece.FourthPowers) / distribution.Count;
        double variance = distribution.Variance;
        return new TensorErrorReport(_tensor, _rows, !_importance.IsEmpty)
        {
            Least = distribution.Least,
            Greatest = distribution.Greatest,
            Mean = distribution.Mean,
            Deviation = Math.Sqrt(variance),
            Kurtosis = variance > 0 ? (fourth / (variance * variance)) - 3 : 0,
            OutlierShare = (double)pieces.Sum(static piece => piece.Outliers) / distribution.Count,
            Types =
            [
                .. _formats.Select((format, i) =>
                    new TypeError(format.Type, TensorTypes.Find(format.Type)!.BitsPerWeight, Relative(i))),
            ],
            Schemes =
            [
                .. _schemes.Select((scheme, i) => new SchemeError(
                    scheme, scheme.BitsPerWeight(_tensor.Rows, Columns, _options.GroupSize), Relative(_formats.Length + i))),
            ],
        };
    }

    private T[] Run<T>(Func<RowPiece, Scratch, T> measure, Action<long> count, CancellationToken cancellationToken)
    {
        var results = new T[Pieces];
        using var scratches = new ThreadLocal<Scratch>(() => new Scratch(_pieceRows, Columns));
        PieceLoop.Run(results.Length, 4L * sizeof(float) * _pieceRows * Columns, MeasurePiece, _options.Threads, cancellationToken);
        return results;

        void MeasurePiece(int piece)
        {
            int first = piece * _pieceRows;
            Scratch scratch = scratches.Value!;
            RowPiece rows = Read(first, Math.Min(_pieceRows, _rows - first), scratch.Weights);
            results[piece] = measure(rows, scratch);
            lock (results)
            {
                count(rows.Weights.Length);
            }
        }
    }

    /// <summary>Reads rows of the sample.</summary>
    private RowPiece Read(int first, int count, float[] buffer)
    {
        if (_rows == _tensor.Rows)
        {
            _reader.Read(first, buffer.AsSpan(0, count * Columns));
        }
        else
        {
            for (int row = 0; row < count; row++)
            {
                _reader.Read(RowOf(first + row), buffer.AsSpan(row * Columns, Columns));
            }
        }

        return new RowPiece(first, buffer.AsMemory(0, count * Columns));
    }

    /// <summary>Gets the row of the tensor that is row number <paramref name="index"/> of the sample.</summary>
    private long RowOf(int index) => (long)((Int128)index * _tensor.Rows / _rows);

    private PieceErrors Measure(RowPiece piece, WeightDistribution distribution, Scratch scratch)
    {
        var result = new PieceErrors(_formats.Length + _schemes.Length);
        (result.FourthPowers, result.Outliers) = distribution.CountTails(piece.Weights.Span, TensorErrorReport.OutlierDeviations);
        for (int row = 0; row * Columns < piece.Weights.Length; row++)
        {
            ReadOnlySpan<float> weights = piece.Weights.Span.Slice(row * Columns, Columns);
            ReadOnlySpan<float> importance = _importance.Of(RowOf(piece.First + row));
            weights.CopyTo(scratch.Errors);
            result.SquaredWeights += RowError.SumOfSquares(scratch.Errors, importance);
            for (int i = 0; i < _formats.Length; i++)
            {
                result.Errors[i] += RowError.Measure(_formats[i], weights, importance, scratch.Blocks, scratch.Errors);
            }

            for (int i = 0; i < _schemes.Length; i++)
            {
                result.Errors[_formats.Length + i] += MeasureScheme(_schemes[i], weights, importance, distribution, scratch.Errors);
            }
        }

        return result;
    }

    private double MeasureScheme(
        QuantizationScheme scheme,
        ReadOnlySpan<float> weights,
        ReadOnlySpan<float> importance,
        WeightDistribution distribution,
        Span<float> errors)
    {
        int group = scheme.Granularity == ScaleGranularity.Group ? Math.Min(_options.GroupSize, Columns) : Columns;
        for (int first = 0; first < Columns; first += group)
        {
            int length = Math.Min(group, Columns - first);
            ReadOnlySpan<float> part = weights.Slice(first, length);
            EvenGrid grid = scheme.Granularity == ScaleGranularity.Tensor
                ? scheme.GridOf(distribution.Least, distribution.Greatest)
                : scheme.GridOf(TensorPrimitives.Min(part), TensorPrimitives.Max(part));
            Round(part, grid, errors.Slice(first, length));
        }

        return RowError.SumOfSquares(errors, importance);
    }

    /// <summary>Computes the errors of weights that are rounded to a grid.</summary>
    private static void Round(ReadOnlySpan<float> weights, EvenGrid grid, Span<float> errors)
    {
        if (grid.Scale == 0)
        {
            TensorPrimitives.Subtract(weights, grid.Offset, errors);
            return;
        }

        TensorPrimitives.Subtract(weights, grid.Offset, errors);
        TensorPrimitives.Divide(errors, grid.Scale, errors);
        TensorPrimitives.Round(errors, errors);
        TensorPrimitives.Min(errors, grid.Greatest, errors);
        TensorPrimitives.Max(errors, grid.Least, errors);
        TensorPrimitives.Multiply(errors, grid.Scale, errors);
        TensorPrimitives.Add(errors, grid.Offset, errors);
        TensorPrimitives.Subtract(weights, errors, errors);
    }

    /// <summary>Weights of some rows.</summary>
    /// <param name="First">The number of the first row in the sample.</param>
    /// <param name="Weights">[rows, columns].</param>
    private readonly record struct RowPiece(int First, ReadOnlyMemory<float> Weights);

    /// <summary>The buffers of a thread.</summary>
    private sealed class Scratch(int rows, int columns)
    {
        public float[] Weights { get; } = new float[rows * columns];

        public float[] Errors { get; } = new float[columns];

        public byte[] Blocks { get; } = new byte[columns * sizeof(float)];
    }

    /// <summary>The sums of some rows: the squared errors of all types, then those of all schemes.</summary>
    private sealed class PieceErrors(int ways)
    {
        public double[] Errors { get; } = new double[ways];

        public double SquaredWeights { get; set; }

        public double FourthPowers { get; set; }

        public long Outliers { get; set; }
    }
}
