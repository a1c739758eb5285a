using System;
using System.Numerics.Tensors;
using EdgeRuntime.Engine;

namespace EdgeRuntime.Embeddings;

/// <summary>Makes the vectors of a text of its hidden states: pooling, the model's head, normalization. Immutable.</summary>
internal sealed class Pooler
{
    private readonly string _path;
    private readonly EmbeddingPooling _pooling;
    private readonly ITextHead? _head;
    private readonly int _hidden;
    private readonly int _normalization;

    /// <param name="path">The model's file, for messages.</param>
    /// <param name="pooling">The pooling; not <see cref="EmbeddingPooling.Rank"/>.</param>
    /// <param name="head">What computes the result of the pooled state, or null if they are the same.</param>
    /// <param name="hidden">The number of elements of a hidden state.</param>
    /// <param name="normalization">As <see cref="EmbeddingOptions.Normalization"/>.</param>
    private Pooler(string path, EmbeddingPooling pooling, ITextHead? head, int hidden, int normalization)
    {
        _path = path;
        _pooling = pooling;
        _head = head;
        _hidden = hidden;
        _normalization = normalization;
    }

    /// <summary>Gets a value indicating whether only the last hidden state of a text is needed.</summary>
    public bool NeedsLastOnly => _pooling == EmbeddingPooling.Last;

    /// <summary>Gets the number of elements of a vector.</summary>
    public int VectorSize => _head?.OutputSize ?? _hidden;

    /// <summary>Creates the pooler of a model for these options.</summary>
    /// <exception cref="UnsupportedModelException">The options ask for scores that the model does not have.</exception>
    public static Pooler Create(IEngine engine, EmbeddingOptions options, string path)
    {
        EmbeddingSpec spec = engine.Embedding;
        EmbeddingPooling pooling = options.Pooling ?? spec.Pooling;
        return pooling == EmbeddingPooling.Rank
            ? OfScores(engine, path)
            : new Pooler(path, pooling, spec.Projection, engine.HiddenSize, options.Normalization);
    }

    /// <summary>Creates the pooler that gives the scores of a model.</summary>
    /// <exception cref="UnsupportedModelException">The model has none.</exception>
    public static Pooler OfScores(IEngine engine, string path) => engine.Embedding.Ranking is { } ranking
        ? new Pooler(path, engine.Embedding.RankingPooling, ranking, engine.HiddenSize, normalization: -1)
        : throw new UnsupportedModelException(
            $"{path}: is no reranker, it has no head that computes scores (tensors 'cls' or 'cls.output'); compare embeddings instead");

    /// <summary>Makes the vectors of a text.</summary>
    /// <param name="states">[rows, hidden size], of all tokens or, with <see cref="NeedsLastOnly"/>, of the last one; changed.</param>
    /// <returns>[vectors, size].</returns>
    /// <exception cref="NonFiniteException">A sum of states or the head gave infinity or NaN.</exception>
    public float[] Pool(Span<float> states)
    {
        Span<float> pooled = PoolRows(states);
        int rows = pooled.Length / _hidden;
        int size = VectorSize;
        float[] result = new float[rows * size];
        for (int row = 0; row < rows; row++)
        {
            Span<float> target = result.AsSpan(row * size, size);
            ReadOnlySpan<float> source = pooled.Slice(row * _hidden, _hidden);
            if (_head is null)
            {
                source.CopyTo(target);
            }
            else
            {
                _head.Apply(source, target);
            }

            int bad = target.IndexOfAnyExceptInRange(float.MinValue, float.MaxValue);
            if (bad >= 0)
            {
                throw new NonFiniteException(_path, _head is null ? "pooling of hidden states" : "head of embeddings", target[bad]);
            }

            Normalize(target);
        }

        return result;
    }

    private Span<float> PoolRows(Span<float> states)
    {
        Span<float> first = states[.._hidden];
        switch (_pooling)
        {
            case EmbeddingPooling.Mean:
                int rows = states.Length / _hidden;
                for (int row = 1; row < rows; row++)
                {
                    TensorPrimitives.Add(first, states.Slice(row * _hidden, _hidden), first);
                }

                TensorPrimitives.Multiply(first, 1f / rows, first);
                return first;
            case EmbeddingPooling.Cls:
                return first;
            case EmbeddingPooling.Last:
                return states[^_hidden..];
            default:
                return states;
        }
    }

    /// <summary>Divides by the norm; llama.cpp's <c>common_embd_normalize</c> defines the kinds.</summary>
    private void Normalize(Span<float> vector)
    {
        double norm = 0;
        switch (_normalization)
        {
            case -1:
                return;
            case 0:
                norm = MathF.Abs(TensorPrimitives.MaxMagnitude<float>(vector)) / 32760.0;
                break;
            default:
                foreach (float value in vector)
                {
                    double size = Math.Abs((double)value);
                    norm += _normalization == 2 ? size * size : Math.Pow(size, _normalization);
                }

                norm = _normalization == 2 ? Math.Sqrt(norm) : Math.Pow(norm, 1.0 / _normalization);
                break;
        }

        // A norm that is 0, or so small that float32 has no reciprocal of it, makes a vector of zeros.
        float scale = (float)(1 / norm);
        TensorPrimitives.Multiply(vector, float.IsFinite(scale) ? scale : 0, vector);
    }
}
