using System;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Transformers;

/// <summary>A linear layer, y = Scale * (W x) + Bias. Owns its weights. Immutable once packed; before that it multiplies from the file.</summary>
internal sealed unsafe class Projection : IDisposable
{
    private readonly NativeBuffer? _bias;

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

    public PackedMatrix Matrix { get; }

    /// <summary>Multiplies in the matrix's place until that is packed; then null. Changed only while nobody multiplies.</summary>
    public UnpackedMatrix? Unpacked { get; set; }

    /// <summary>Bytes of scratch that a thread needs for <see cref="Multiply"/>.</summary>
    public long ScratchBytes => Unpacked?.ScratchBytes ?? Matrix.ScratchBytes;

    public float Scale { get; }

    public int Rows => Matrix.Rows;

    /// <summary>y[token, row] for the rows of some panels, scale and bias included.</summary>
    /// <param name="activations">[tokens, columns], prepared for the matrix's kind.</param>
    /// <param name="tokens">Rows of x.</param>
    /// <param name="firstPanel">First panel of 16 rows.</param>
    /// <param name="lastPanel">One past the last.</param>
    /// <param name="y">[tokens, yStride].</param>
    /// <param name="yStride">Floats from one token to the next.</param>
    /// <param name="scratch">ScratchBytes bytes of the calling thread.</param>
    public void Multiply(in Activations activations, int tokens, int firstPanel, int lastPanel, float* y, int yStride, byte* scratch)
    {
        byte* x = activations.For(Matrix.ActivationKind);
        if (Unpacked is { } unpacked)
        {
            unpacked.Multiply(x, tokens, firstPanel, lastPanel, y, yStride, scratch);
        }
        else
        {
            Matrix.Multiply(x, tokens, firstPanel, lastPanel, y, yStride, scratch);
        }

        if (_bias is null && Scale == 1)
        {
            return;
        }

        int firstRow = firstPanel * PackedMatrix.PanelRows;
        int lastRow = Math.Min(lastPanel * PackedMatrix.PanelRows, Rows);
        float* bias = _bias is null ? null : (float*)_bias.Pointer;
        for (int token = 0; token < tokens; token++)
        {
            float* row = y + ((long)token * yStride);
            for (int r = firstRow; r < lastRow; r++)
            {
                row[r] = (row[r] * Scale) + (bias is null ? 0 : bias[r]);
            }
        }
    }

    public void Dispose()
    {
        Matrix.Dispose();
        _bias?.Dispose();
    }
}
