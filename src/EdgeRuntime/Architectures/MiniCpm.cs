using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// MiniCPM 1 and 2, dense and with experts: llama's layers with scales of embedding, branches and logits, which older files leave out.
/// </summary>
internal sealed class MiniCpm : Architecture
{
    private const float EmbeddingScale = 12;
    private const float DepthScale = 1.4f;
    private const float BaseHidden = 256;

    public override string Name => "minicpm";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            Embedding = new Embedding("token_embd", keys.Hidden) { Scale = keys.Factor("embedding_scale", EmbeddingScale) },
            LogitScale = 1 / keys.PositiveSingle("logit_scale", BaseHidden / keys.Hidden),
        };
        float residualScale = keys.Factor("residual_scale", DepthScale / MathF.Sqrt(keys.LayerCount));
        AttentionSpec attention = keys.Attention(RopePairing.Norm) with { ResidualScale = residualScale };
        keys.RequireWholeRope(attention);
        ExpertSpec? experts = keys.Experts("feed_forward_length");
        experts = experts is null ? null : experts with { BiasOrder = BiasOrder.NoScale };
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            keys.DenseOrExperts(layer, Activation.Silu, experts, residualScale, BiasOrder.NoScale)));
    }
}
