using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Dense decoders that differ from each other only in the data below. Each layer has attention and a feed-forward, with a norm each. Files
/// of Phi 3 name a window too, which llama.cpp does not apply.
/// </summary>
/// <param name="name">The name of the family.</param>
/// <param name="norm">The kind of all norms.</param>
/// <param name="pairing">The elements that the rope rotates together; null for a family without rope.</param>
internal sealed class PlainDecoder(string name, NormKind norm, RopePairing? pairing) : Architecture
{
    public override string Name => name;

    /// <summary>Gets the function of the feed-forward.</summary>
    public Activation Activation { get; init; } = Activation.Silu;

    /// <summary>Gets whether the feed-forward has a gate.</summary>
    public bool IsGated { get; init; } = true;

    /// <summary>Gets whether the gate has its rows in <c>ffn_up</c>.</summary>
    public bool HasFusedGate { get; init; }

    /// <summary>Gets the number by which the family's key for the width of the feed-forward is divided.</summary>
    public int WidthDivisor { get; init; } = 1;

    /// <summary>Gets the name of the feed-forward's norm within a layer.</summary>
    public string FeedForwardNorm { get; init; } = "ffn_norm";

    /// <summary>Gets whether attention and feed-forward read the same norm side by side.</summary>
    public bool IsParallel { get; init; }

    /// <summary>Gets whether the rope may rotate a part of each head only.</summary>
    public bool RotatesParts { get; init; }

    /// <summary>Gets whether the rope has the file's factors of frequencies; some families load and ignore them.</summary>
    public bool HasRopeFactors { get; init; } = true;

    /// <summary>Gets the greatest bias of scores by distance (ALiBi); 0 for none.</summary>
    public float AlibiBias { get; init; }

    /// <inheritdoc cref="Decoder.Output"/>
    public string Output { get; init; } = "output";

    /// <inheritdoc cref="Decoder.OutputFallback"/>
    public string? OutputFallback { get; init; } = "token_embd";

    /// <inheritdoc cref="Decoder.IsNotRun"/>
    public Predicate<string> IsNotRun { get; init; } = static _ => false;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        if (keys.Source.Has("blk.0.ffn_gate_inp.weight"))
        {
            keys.RequireZero("expert_count", "experts");
        }

        var decoder = new Decoder(keys, norm) { Output = Output, OutputFallback = OutputFallback, IsNotRun = IsNotRun };
        AttentionSpec attention = ReadAttention(keys).WithAlibi(AlibiBias);
        int width = keys.Positive("feed_forward_length") / WidthDivisor;
        return decoder.Build((_, layer) =>
        {
            var mixer = new Attention(layer, decoder.Hidden, attention);
            var feedForward = new FeedForward(layer, decoder.Hidden, width, Activation, IsGated)
            {
                HasFusedGate = HasFusedGate,
                BiasOrder = BiasOrder.NoScale,
            };
            return IsParallel ? decoder.Parallel(layer, mixer, feedForward) : decoder.PreNorm(layer, mixer, feedForward, FeedForwardNorm);
        });
    }

    private AttentionSpec ReadAttention(ArchitectureKeys keys)
    {
        if (pairing is not { } pairs)
        {
            return keys.Attention();
        }

        AttentionSpec attention = keys.Attention(pairs);
        if (!RotatesParts)
        {
            keys.RequireWholeRope(attention);
        }

        return HasRopeFactors
            ? attention
            : attention with { Rope = attention.Rope! with { FrequencyFactors = null, LongFactors = null, ShortFactors = null } };
    }
}
