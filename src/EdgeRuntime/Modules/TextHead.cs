using System;
using EdgeRuntime.Engine;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>The functions after a layer of a <see cref="TextHead"/>.</summary>
internal enum TextHeadActivation
{
    None,

    Tanh,

    Gelu,
}

/// <summary>A layer of a <see cref="TextHead"/>: y = norm(act(W x + b)). It is skipped if the file has no such matrix.</summary>
/// <param name="Name">The name of the matrix and its bias, without the last part.</param>
/// <param name="Activation">The function of the result.</param>
/// <param name="Norm">The name of a layer norm, which a file may lack; null for none.</param>
/// <param name="NormEpsilon">The epsilon of the norm.</param>
internal sealed record TextHeadLayer(
    string Name, TextHeadActivation Activation = TextHeadActivation.None, string? Norm = null, float NormEpsilon = 0);

/// <summary>
/// Computes an embedding or scores of the pooled hidden state of a text, in float32. Its matrices have few rows or run once for a text, so
/// they are not packed: they are kept column by column, and the rows are in the lanes.
/// </summary>
internal sealed unsafe class TextHead(TextHeadLayer[] layers, int hidden, bool endsWithSoftmax = false) : ITextHead
{
    private Layer[] _layers = [];

    /// <summary>Gets whether the file has the tensors of the head.</summary>
    public bool IsPresent => _layers.Length > 0;

    /// <inheritdoc/>
    public int OutputSize => _layers.Length == 0 ? hidden : _layers[^1].Rows;

    /// <summary>Reads the matrices. Called once.</summary>
    public void Bind(TensorBinder tensors)
    {
        int width = hidden;
        foreach (TextHeadLayer layer in layers)
        {
            if (tensors.Has(layer.Name))
            {
                _layers = [.. _layers, Layer.Read(layer, tensors.Source, width)];
                width = _layers[^1].Rows;
            }
        }
    }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<float> pooled, Span<float> output)
    {
        ReadOnlySpan<float> x = pooled;
        foreach (Layer layer in _layers)
        {
            float[] y = new float[layer.Rows];
            layer.Apply(x, y);
            x = y;
        }

        x.CopyTo(output);
        if (endsWithSoftmax)
        {
            Softmax(output[..x.Length]);
        }
    }

    private static void Softmax(Span<float> x)
    {
        float max = System.Numerics.Tensors.TensorPrimitives.Max<float>(x);
        double sum = 0;
        foreach (float value in x)
        {
            sum += Math.Exp(value - max);
        }

        for (int i = 0; i < x.Length; i++)
        {
            x[i] = (float)(Math.Exp(x[i] - max) / sum);
        }
    }

    /// <param name="Columns">[columns, rows]: the matrix, transposed.</param>
    /// <param name="Rows">Output features.</param>
    /// <param name="Bias">[rows], or null.</param>
    /// <param name="Activation">The function of the result.</param>
    /// <param name="Norm">[rows], or null.</param>
    /// <param name="Epsilon">The epsilon of the norm.</param>
    private sealed record Layer(float[] Columns, int Rows, float[]? Bias, TextHeadActivation Activation, float[]? Norm, float Epsilon)
    {
        // Its results are the same for every instruction set.
        private static readonly ElementwiseKernels s_vector = InstructionSet.Default.Elementwise;

        public static Layer Read(TextHeadLayer layer, ModelSource source, int columns)
        {
            int rows = (int)source.MatrixWithAnyRows($"{layer.Name}.weight", columns).Rows;
            float[] matrix = source.Floats($"{layer.Name}.weight", rows, columns);
            float[] transposed = new float[matrix.Length];
            for (int row = 0; row < rows; row++)
            {
                for (int column = 0; column < columns; column++)
                {
                    transposed[((long)column * rows) + row] = matrix[((long)row * columns) + column];
                }
            }

            float[]? norm = layer.Norm is null ? null : source.OptionalVector($"{layer.Norm}.weight", rows);
            return new Layer(
                transposed, rows, source.OptionalVector($"{layer.Name}.bias", rows), layer.Activation, norm, layer.NormEpsilon);
        }

        public void Apply(ReadOnlySpan<float> x, Span<float> y)
        {
            y.Clear();
            fixed (float* columns = Columns, result = y, bias = Bias, norm = Norm)
            {
                for (int column = 0; column < x.Length; column++)
                {
                    s_vector.AddScaled(columns + ((long)column * Rows), x[column], result, Rows);
                }

                if (bias is not null)
                {
                    s_vector.Add(bias, result, Rows);
                }

                if (Activation == TextHeadActivation.Tanh)
                {
                    s_vector.Cap(result, 1, Rows);
                }
                else if (Activation == TextHeadActivation.Gelu)
                {
                    s_vector.Activate(Kernels.Vector.Activation.Gelu, result, result, Rows);
                }

                if (norm is not null)
                {
                    s_vector.LayerNorm(result, norm, null, Epsilon, result, Rows);
                }
            }
        }
    }
}

/// <summary>What makes embeddings and scores of a model's hidden states.</summary>
internal sealed class TextHeads
{
    /// <summary>Gets the pooling that the model was trained with.</summary>
    public EmbeddingPooling Pooling { get; init; }

    /// <summary>Gets the pooling before <see cref="Ranking"/>.</summary>
    public EmbeddingPooling RankingPooling { get; init; } = EmbeddingPooling.Cls;

    /// <summary>Gets the head of embeddings, or null.</summary>
    public TextHead? Projection { get; init; }

    /// <summary>Gets the head of scores, or null.</summary>
    public TextHead? Ranking { get; init; }

    /// <summary>Gets the heads that the file has. Set by <see cref="Bind"/>.</summary>
    public EmbeddingSpec Spec { get; private set; } = EmbeddingSpec.Default;

    /// <summary>Reads the tensors of the heads. Called once.</summary>
    public void Bind(TensorBinder tensors)
    {
        Projection?.Bind(tensors);
        Ranking?.Bind(tensors);
        Spec = new EmbeddingSpec
        {
            Pooling = Pooling,
            RankingPooling = RankingPooling,
            Projection = Projection is { IsPresent: true } ? Projection : null,
            Ranking = Ranking is { IsPresent: true } ? Ranking : null,
        };
    }
}
