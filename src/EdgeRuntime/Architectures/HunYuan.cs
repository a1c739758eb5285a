using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// HunYuan, dense and VL (text), and Maincoder: llama's layers with norms of queries and keys after the rope, whose base HunYuan scales.
/// </summary>
/// <param name="name">The name of the family.</param>
/// <param name="pairing">The elements that the rope rotates together.</param>
internal sealed class HunYuan(string name, RopePairing pairing) : Architecture
{
    public override string Name => name;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec attention = keys.Attention(pairing) with
        {
            Norm = QueryKeyNorm.Heads,
            NormsAfterRope = true,
            NormEpsilon = keys.RmsEpsilon,
        };
        keys.RequireWholeRope(attention);
        attention = attention with { Rope = Scale(keys, attention.Rope!, attention.KeyLength) };
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale }));
    }

    /// <summary>
    /// Scales the base by the file's alpha, and leaves the pairs of a fourth position out. Source: llama.cpp, hunyuan-vl.cpp.
    /// </summary>
    private static RopeSpec Scale(ArchitectureKeys keys, RopeSpec rope, int keyLength)
    {
        float alpha = keys.NotNegativeSingle("rope.scaling.alpha", 0);
        keys.Require(alpha == 0 || keyLength > 2, "attention.key_length", $"{keyLength}", "more than 2 with rope.scaling.alpha");
        rope = alpha == 0 ? rope : rope with { Base = rope.Base * MathF.Pow(alpha, keyLength / (float)(keyLength - 2)) };
        bool hasSections = keys.Has("rope.dimension_sections") && keys.Counts("rope.dimension_sections", 4, "positions of a token")[0] > 0;
        return hasSections ? RopeKeys.ForText(keys, rope, interleaved: false) : rope;
    }
}
