using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>MiniCPM 3: expanded latent attention, with factors that are constants of the family.</summary>
internal sealed class MiniCpm3 : Architecture
{
    private const float EmbeddingScale = 12;
    private const float DepthScale = 1.4f;
    private const float BaseHidden = 256;

    public override string Name => "minicpm3";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        float residualScale = DepthScale / MathF.Sqrt(keys.LayerCount);
        LatentAttentionSpec attention = LatentKeys.ReadWithPlainScale(keys, RopePairing.Neox) with { ResidualScale = residualScale };
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            Embedding = new Embedding("token_embd", keys.Hidden) { Scale = EmbeddingScale },
            LogitScale = BaseHidden / keys.Hidden,
        };
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new ExpandedLatentAttention(layer, decoder.Hidden, attention),
            keys.DenseOrExperts(layer, Activation.Silu, experts: null, residualScale, BiasOrder.NoScale)));
    }
}
