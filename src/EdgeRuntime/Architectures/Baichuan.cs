using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Baichuan 1 and 2: llama's layers. The number of layers tells the 7B model, which has a rope, from the 13B model, which has ALiBi.
/// </summary>
internal sealed class Baichuan : Architecture
{
    private const int LayersOf7B = 32;
    private const int LayersOf13B = 40;
    private const float GreatestBias = 8;

    public override string Name => "baichuan";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { OutputFallback = null };
        AttentionSpec attention = keys.Attention(RopePairing.Norm);
        keys.RequireWholeRope(attention);
        attention = keys.LayerCount switch
        {
            LayersOf7B => attention,
            LayersOf13B => (attention with { Rope = null }).WithAlibi(GreatestBias),
            _ => attention with { Rope = null },
        };
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale }));
    }
}
