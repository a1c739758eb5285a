using System;
using System.Runtime.CompilerServices;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// Projects rows to the queries of latent attention, directly or through a low rank, and to the latent vectors with the rotated part of the
/// keys. A part of mixers.
/// </summary>
internal sealed unsafe class LatentProjections : Module
{
    private readonly string _prefix;
    private readonly int _hidden;
    private readonly LatentAttentionSpec _spec;
    private readonly Norm? _queryNorm;
    private readonly Norm _latentNorm;
    private readonly Norm? _rotatedNorm;
    private Projection? _queryDown;
    private Projection _query = null!;
    private Projection _keyValue = null!;
    private long _lowRank;
    private long _queries;
    private long _latents;

    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="spec">The parameters.</param>
    public LatentProjections(string prefix, int hidden, LatentAttentionSpec spec)
    {
        _prefix = prefix;
        _hidden = hidden;
        _spec = spec;
        _queryNorm = spec.QueryRank == 0 ? null : new Norm($"{prefix}.attn_q_a_norm", NormKind.Rms, spec.NormEpsilon, spec.QueryRank);
        _latentNorm = new Norm($"{prefix}.attn_kv_a_norm", NormKind.Rms, spec.NormEpsilon, spec.Latent);
        _rotatedNorm = spec.NormsRotatedKey
            ? new Norm($"{prefix}.attn_k_norm", NormKind.Rms, spec.NormEpsilon, spec.Rope.Dimensions)
            : null;
        Indexer = spec.Indexer is null ? null : new KeyIndexer(prefix, hidden, spec.Indexer, spec.Selection!);
        Gate = spec.Gate == OutputGateKind.None ? null : new OutputGate(prefix, hidden, new AttentionSpec
        {
            Heads = spec.Heads,
            KvHeads = spec.Heads,
            KeyLength = spec.QueryLength,
            ValueLength = spec.ValueLength,
            Scale = spec.Scale,
            Gate = spec.Gate,
        });
    }

    /// <summary>Gets the forms in which <see cref="Run"/> reads its input.</summary>
    public ActivationForms Reads =>
        Activations.FormsFor(_queryDown ?? _query, _keyValue, Gate?.Projection) | (Indexer?.Reads ?? ActivationForms.None);

    /// <summary>Gets the indexer of the layer, or null.</summary>
    public KeyIndexer? Indexer { get; }

    /// <summary>Gets the gates of the result, or null.</summary>
    public OutputGate? Gate { get; }

    /// <summary>Gets the parts of the bound module.</summary>
    public LatentProjectionParts Parts =>
        new(_queryDown, _queryNorm, _query, _keyValue, _latentNorm, _rotatedNorm, Indexer?.Parts);

    public override void Bind(TensorBinder tensors)
    {
        int width = _spec.Heads * _spec.QueryLength;
        _queryDown = _spec.QueryRank == 0 ? null : tensors.Projection($"{_prefix}.attn_q_a", _spec.QueryRank, _hidden);
        _query = _queryDown is null
            ? tensors.Projection($"{_prefix}.attn_q", width, _hidden)
            : tensors.Projection($"{_prefix}.attn_q_b", width, _spec.QueryRank);
        _queryNorm?.Bind(tensors);
        _keyValue = tensors.Projection($"{_prefix}.attn_kv_a_mqa", _spec.KeyLength, _hidden);
        _latentNorm.Bind(tensors);
        _rotatedNorm?.Bind(tensors);
        Indexer?.Bind(tensors);
        Gate?.Bind(tensors);
    }

    public override void Plan(ScratchPlan scratch)
    {
        _lowRank = scratch.Floats(_spec.QueryRank);
        _queries = scratch.Floats(_spec.Heads * _spec.QueryLength);
        _latents = scratch.Floats(_spec.KeyLength);
        scratch.UseActivations(_spec.QueryRank, scratch.Rows);
        Indexer?.Plan(scratch);
        Gate?.Plan(scratch);
    }

    /// <summary>Gets the queries, [rows, heads, query length].</summary>
    public float* Queries(PassThread t) => t.Floats(_queries);

    /// <summary>Gets the latent vectors, each followed by the rotated part of the key, [rows, key length].</summary>
    public float* Latents(PassThread t) => t.Floats(_latents);

    /// <summary>
    /// Computes <see cref="Queries"/> and <see cref="Latents"/>, neither normalized nor rotated, and what indexer and gates need. Ends at a
    /// barrier.
    /// </summary>
    public void Run(PassThread t, in Activations input)
    {
        float* lowRank = t.Floats(_lowRank);
        var query = new Product(_query, Queries(t), _spec.Heads * _spec.QueryLength);
        Products products = default;
        products[0] = _queryDown is null ? query : new Product(_queryDown, lowRank, _spec.QueryRank);
        products[1] = new Product(_keyValue, Latents(t), _spec.KeyLength);
        int count = 2;
        if (Gate is not null)
        {
            products[count++] = Gate.Product(t);
        }

        if (Indexer is not null)
        {
            products[count++] = Indexer.Keys(t);
            products[count++] = Indexer.Weights(t);
        }

        t.Multiply(input, t.Rows, ((ReadOnlySpan<Product>)products)[..count]);
        t.Barrier();
        if (_queryDown is not null)
        {
            MultiplyLowRank(t, lowRank, query);
            t.Barrier();
        }
    }

    private void MultiplyLowRank(PassThread t, float* lowRank, Product query)
    {
        ActivationForms forms = Activations.FormsFor(_query) | (Indexer?.ReadsOfQuery ?? ActivationForms.None);
        Activations q = t.Prepare(lowRank, _spec.QueryRank, t.Rows, _queryNorm, forms, normed: lowRank);
        if (Indexer is null)
        {
            t.Multiply(q, t.Rows, query);
        }
        else
        {
            t.Multiply(q, t.Rows, query, Indexer.Queries(t));
        }
    }

    /// <summary>Rotates the last elements of a row's queries and key, and normalizes its latent vector.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="row">The row in the batch.</param>
    /// <param name="rotation">The rotation of the keys.</param>
    /// <param name="latent">[latent]: receives the normalized vector; may be the one in <see cref="Latents"/>.</param>
    public void NormalizeAndRotate(PassThread t, int row, Rotation rotation, float* latent)
    {
        RopeSpec rope = rotation.Rope;
        float* cos = t.Rotation(row, rotation);
        float* sin = cos + rotation.Pairs;
        float* source = Latents(t) + ((long)row * _spec.KeyLength);
        float* query = Queries(t) + ((long)row * _spec.Heads * _spec.QueryLength) + _spec.PlainLength;
        _latentNorm.Apply(t.Vector, source, latent);
        _rotatedNorm?.Apply(t.Vector, source + _spec.Latent, source + _spec.Latent);
        Rope.Apply(source + _spec.Latent, 1, rope.Dimensions, rope.Dimensions, cos, sin, rope.Pairing);
        Rope.Apply(query, _spec.Heads, _spec.QueryLength, rope.Dimensions, cos, sin, rope.Pairing);
    }

    [InlineArray(5)]
    private struct Products
    {
        private Product _first;
    }
}
