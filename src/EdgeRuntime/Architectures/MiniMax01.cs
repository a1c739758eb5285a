using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// MiniMax 01: lightning attention, and ordinary attention in every eighth layer; experts; norms within the residual stream.
/// </summary>
internal sealed class MiniMax01 : Architecture
{
    public override string Name => "minimax-01";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec attention = keys.Attention(RopePairing.Neox);
        keys.RequireValuesLikeKeys(attention);
        keys.RequireWidth("attention.key_length", 3 * attention.Heads, attention.KeyLength);
        keys.RequireWidth("attention.key_length", attention.QueryWidth, attention.KeyLength);
        bool[] recurrent = keys.RecurrentLayers(period: 8);
        float scale = keys.FiniteSingle("residual_scale", 1);
        ExpertSpec? experts = keys.Experts("feed_forward_length");
        experts = experts is null ? null : experts with { BiasOrder = BiasOrder.NoScale };
        int last = keys.LayerCount - 1;
        Branch Mixer(int index, string layer) => recurrent[index]
            ? new LightningAttention(
                layer, decoder.Hidden,
                new LightningAttentionSpec(
                    attention.Heads, attention.KeyLength, keys.RmsEpsilon, 1.00001f - (last == 0 ? 0 : (float)index / last)))
            : new Attention(layer, decoder.Hidden, attention);
        return decoder.Build((index, layer) =>
        [
            new NormedResidual(decoder.Norm($"{layer}.attn_norm"), Mixer(index, layer), scale),
            new NormedResidual(
                decoder.Norm($"{layer}.ffn_norm"), keys.DenseOrExperts(layer, Activation.Silu, experts, order: BiasOrder.NoScale), scale),
        ]);
    }
}
