using System;
using System.Numerics.Tensors;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Weights;

/// <summary>A matrix of a tensor of the file.</summary>
/// <param name="Tensor">The name of the tensor.</param>
/// <param name="Index">The index of the matrix in the tensor.</param>
/// <param name="Count">The number of matrices in the tensor.</param>
internal readonly record struct MatrixOrigin(string Tensor, int Index, int Count);

/// <summary>
/// A linear layer, y = Scale * (W x) + Bias. Owns its weights. Immutable once packed; until then it multiplies from the file.
/// </summary>
internal sealed unsafe class Projection : IDisposable
{
    private readonly NativeBuffer? _bias;
    private readonly Projection? _owner; // of the weights, if these are shared
    private MatrixLoader? _loader;

    /// <param name="matrix">W [rows, columns]; owned from here on.</param>
    /// <param name="scale">Factor of the product.</param>
    /// <param name="bias">[rows], or null.</param>
    public Projection(PackedMatrix matrix, float scale, float[]? bias)
    {
        Matrix = matrix;
        Scale = scale;
        if (bias is not null)
        {
            _bias = new NativeBuffer((long)bias.Length * sizeof(float));
            bias.CopyTo(new Span<float>(_bias.Pointer, bias.Length));
        }
    }

    private Projection(Projection owner, float scale, NativeBuffer? bias, float updateFactor)
    {
        UpdateFactor = updateFactor;
        Origin = owner.Origin;
        _owner = owner;
        _bias = bias;
        Matrix = owner.Matrix;
        Scale = scale;
    }

    public PackedMatrix Matrix { get; }

    /// <summary>
    /// Gets or sets the loader that multiplies until all panels of the matrix are packed; then null. Changed only while nobody multiplies.
    /// </summary>
    public MatrixLoader? Loader
    {
        get => _owner is null ? _loader : _owner.Loader;
        set => _loader = value;
    }

    /// <summary>Gets the bytes of scratch that a thread needs for <see cref="Multiply"/>.</summary>
    public long ScratchBytes => Loader?.ScratchBytes ?? Matrix.ScratchBytes;

    public float Scale { get; }

    /// <summary>Gets [rows] that are added to the scaled product, or null.</summary>
    public NativeBuffer? Bias => _bias;

    /// <summary>Gets the matrix of the file whose first rows these are; null for other rows of it, which have the same input.</summary>
    public MatrixOrigin? Origin { get; init; }

    /// <summary>Gets the factor of y that applies to what adapters add, too.</summary>
    public float UpdateFactor { get; init; } = 1;

    /// <summary>Gets what adapters add to the product.</summary>
    public LowRankUpdate[] Updates { get; private set; } = [];

    /// <summary>Gets the ranks of all <see cref="Updates"/> together.</summary>
    public int UpdateRank { get; private set; }

    public int Rows => Matrix.Rows;

    public int Columns => Matrix.Columns;

    public int Panels => Matrix.Panels;

    /// <summary>Gets the form of activations that <see cref="Multiply"/> reads.</summary>
    public ActivationKind Reads => Matrix.ActivationKind;

    /// <summary>Computes y[token, row] for the rows of some panels, scale and bias included.</summary>
    /// <param name="x">[tokens, columns] in the form that <see cref="Reads"/> names.</param>
    /// <param name="tokens">Rows of x.</param>
    /// <param name="firstPanel">First panel of 16 rows.</param>
    /// <param name="lastPanel">One past the last.</param>
    /// <param name="y">[tokens, yStride].</param>
    /// <param name="yStride">Floats from one token to the next.</param>
    /// <param name="scratch">ScratchBytes bytes of the calling thread.</param>
    public void Multiply(byte* x, int tokens, int firstPanel, int lastPanel, float* y, int yStride, byte* scratch)
    {
        if (Loader is { } loader)
        {
            loader.Multiply(x, tokens, firstPanel, lastPanel, y, yStride, scratch);
        }
        else
        {
            Matrix.Multiply(Matrix.Panel(firstPanel), x, tokens, firstPanel, lastPanel, y, yStride, scratch);
        }

        if (_bias is null && Scale == 1)
        {
            return;
        }

        int firstRow = firstPanel * PackedMatrix.PanelRows;
        int rows = Math.Min(lastPanel * PackedMatrix.PanelRows, Rows) - firstRow;
        for (int token = 0; token < tokens; token++)
        {
            var result = new Span<float>(y + ((long)token * yStride) + firstRow, rows);
            if (Scale != 1)
            {
                TensorPrimitives.Multiply(result, Scale, result);
            }

            if (_bias is not null)
            {
                TensorPrimitives.Add(result, new ReadOnlySpan<float>((float*)_bias.Pointer + firstRow, rows), result);
            }
        }
    }

    /// <summary>
    /// Returns the same weights with another scale and bias. It owns nothing, so the bias must live as long as the weights.
    /// </summary>
    public Projection With(float scale, NativeBuffer? bias, float updateFactor) => new(_owner ?? this, scale, bias, updateFactor);

    /// <summary>Adds what an adapter adds to the product; owned by the adapter. Called only while nobody multiplies.</summary>
    public void Add(LowRankUpdate update)
    {
        Updates = [.. Updates, update];
        UpdateRank += update.Rank;
    }

    public void Dispose()
    {
        Matrix.Dispose();
        _bias?.Dispose();
    }
}
