using System;
using System.Numerics;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>The norms of queries and keys.</summary>
internal enum QueryKeyNorm
{
    None,

    /// <summary>Each head separately, with the same weights.</summary>
    Heads,

    /// <summary>Each head separately, with weights of its own.</summary>
    OwnHeads,

    /// <summary>Each head separately, without weights.</summary>
    PlainHeads,

    /// <summary>Each head separately, without weights; a query head is then multiplied by a number of its own.</summary>
    QueryGains,

    /// <summary>All heads of a position together.</summary>
    Whole,
}

/// <summary>The gates that multiply the result of attention before its projection.</summary>
internal enum OutputGateKind
{
    None,

    /// <summary>Sigmoids of <c>attn_gate</c> times the layer's input, one for each head or each element, as the matrix has rows.</summary>
    Sigmoid,

    /// <summary>As <see cref="Sigmoid"/>, with the softplus function.</summary>
    Softplus,

    /// <summary>Sigmoids of further rows of <c>attn_q</c>: each head has its query and then its gate.</summary>
    SigmoidOfQuery,
}

/// <summary>The parameters of an attention layer: those of the kernel, and of the steps around it.</summary>
internal sealed record AttentionSpec : AttentionShape
{
    /// <summary>Gets the rotary encoding; null if queries and keys have no position encoding.</summary>
    public RopeSpec? Rope { get; init; }

    /// <summary>Gets the bound of queries, keys and values, which become no greater and no less than its negative; 0 for none.</summary>
    public float Clamp { get; init; }

    /// <summary>Gets the factor of queries that grows with their position, or null.</summary>
    public QueryTemperature? Temperature { get; init; }

    /// <summary>Gets the norm of queries and keys.</summary>
    public QueryKeyNorm Norm { get; init; }

    /// <summary>Gets the formula of <see cref="Norm"/>.</summary>
    public NormKind NormKind { get; init; }

    /// <summary>Gets whether <see cref="Norm"/> follows the rotation instead of preceding it.</summary>
    public bool NormsAfterRope { get; init; }

    /// <summary>Gets whether the heads of values are normalized too, without weights.</summary>
    public bool NormsValues { get; init; }

    /// <summary>Gets the epsilon of all norms of the layer.</summary>
    public float NormEpsilon { get; init; }

    /// <summary>Gets the gates of the result.</summary>
    public OutputGateKind Gate { get; init; }

    /// <summary>Gets whether files may have <c>attn_sinks</c>: a logit of each head that counts in the sum of the softmax only.</summary>
    public bool MayHaveSinks { get; init; }

    /// <summary>
    /// Gets whether the result is normalized (<c>attn_sub_norm</c>, with <see cref="NormEpsilon"/>) before its projection.
    /// </summary>
    public bool HasSubNorm { get; init; }

    /// <summary>
    /// Gets whether a file without <c>attn_v</c> has its values in <c>attn_k</c>: the keys before their norm and rotation.
    /// </summary>
    public bool MayShareValues { get; init; }

    /// <summary>Gets the order of biases and of the file's matrix scales in queries, keys and values.</summary>
    public BiasOrder InputBiasOrder { get; init; } = BiasOrder.AfterScale;

    /// <summary>
    /// Gets whether <c>attn_qkv</c> has as many rows for keys and for values as for queries, whatever the number of KV heads: further rows
    /// are not used.
    /// </summary>
    public bool HasEqualParts { get; init; }

    /// <summary>
    /// Gets whether int8 activations and their remainders make the values. In encoders, whose residual streams have outliers, values cause
    /// more than half of the error of int8 activations.
    /// </summary>
    public bool HasFineValues { get; init; }

    /// <summary>Gets the factor of the result before it is added to the residual stream.</summary>
    public float ResidualScale { get; init; } = 1;

    /// <summary>Creates a copy for an encoder, in which a query sees all keys.</summary>
    public AttentionSpec ForEncoder() => this with { IsCausal = false, HasFineValues = true };

    /// <summary>Creates a copy in which a query sees the keys up to half of <paramref name="window"/> before and after it.</summary>
    public AttentionSpec WithSymmetricWindow(int window) =>
        window == 0 ? this : this with { IsCausal = false, Window = (window / 2) + 1, LookAhead = window / 2 };

    public int QueryWidth => Heads * KeyLength;

    public int KeyWidth => KvHeads * KeyLength;

    public int ValueWidth => KvHeads * ValueLength;

    /// <summary>Gets the width of the attention's output before its projection.</summary>
    public int OutputWidth => Heads * ValueLength;

    /// <summary>
    /// Creates a copy with biases of scores that grow with distance (ALiBi). A head's slope is a power of 2^(-greatest / n), where n is the
    /// largest power of two up to the number of heads; the heads beyond n have the odd powers of its root.
    /// Source: llama.cpp, ggml-cpu/ops.cpp, <c>soft_max</c>.
    /// </summary>
    /// <param name="greatest">The greatest bias, as files name it; 0 for none.</param>
    public AttentionSpec WithAlibi(float greatest)
    {
        if (greatest == 0)
        {
            return this;
        }

        int power = (int)BitOperations.RoundUpToPowerOf2((uint)Heads + 1) / 2;
        float[] slopes = new float[Heads];
        for (int head = 0; head < Heads; head++)
        {
            float exponent = head < power ? head + 1 : (head - power) + 0.5f;
            slopes[head] = MathF.Pow(2, -greatest / power * exponent);
        }

        return this with { AlibiSlopes = slopes };
    }

    /// <summary>Gets whether the key of a position can be turned to another position: not if weights follow the rotation.</summary>
    public bool CanTurnKeys => !NormsAfterRope || Norm is QueryKeyNorm.None or QueryKeyNorm.PlainHeads or QueryKeyNorm.QueryGains;
}
