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
    }

    /// <summary>Gets the forms in which <see cref="Run"/> reads its input.</summary>
    public ActivationForms Reads => Activations.FormsFor(_queryDown ?? _query, _keyValue);

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
    }

    public override void Plan(ScratchPlan scratch)
    {
        _lowRank = scratch.Floats(_spec.QueryRank);
        _queries = scratch.Floats(_spec.Heads * _spec.QueryLength);
        _latents = scratch.Floats(_spec.KeyLength);
        scratch.UseActivations(_spec.QueryRank, scratch.Rows);
    }

    /// <summary>Gets the queries, [rows, heads, query length].</summary>
    public float* Queries(PassThread t) => t.Floats(_queries);

    /// <summary>Gets the latent vectors, each followed by the rotated part of the key, [rows, key length].</summary>
    public float* Latents(PassThread t) => t.Floats(_latents);

    /// <summary>Computes <see cref="Queries"/> and <see cref="Latents"/>, neither normalized nor rotated. Ends at a barrier.</summary>
    public void Run(PassThread t, in Activations input)
    {
        int width = _spec.Heads * _spec.QueryLength;
        var keyValue = new Product(_keyValue, Latents(t), _spec.KeyLength);
        if (_queryDown is null)
        {
            t.Multiply(input, t.Rows, new Product(_query, Queries(t), width), keyValue);
        }
        else
        {
            float* lowRank = t.Floats(_lowRank);
            t.Multiply(input, t.Rows, new Product(_queryDown, lowRank, _spec.QueryRank), keyValue);
            t.Barrier();
            Activations q = t.Prepare(lowRank, _spec.QueryRank, t.Rows, _queryNorm, Activations.FormsFor(_query), normed: lowRank);
            t.Multiply(q, t.Rows, new Product(_query, Queries(t), width));
        }

        t.Barrier();
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
        Rope.Apply(source + _spec.Latent, 1, rope.Dimensions, rope.Dimensions, cos, sin, rope.Pairing);
        Rope.Apply(query, _spec.Heads, _spec.QueryLength, rope.Dimensions, cos, sin, rope.Pairing);
    }
}
