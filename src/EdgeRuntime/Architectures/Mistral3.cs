using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>Ministral 3, dense and with experts: llama's layers, with queries that grow with their position.</summary>
internal sealed class Mistral3 : Architecture
{
    public override string Name => "mistral3";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec attention = keys.Attention(RopePairing.Norm);
        keys.RequireWholeRope(attention);
        float scale = keys.FiniteSingle("attention.temperature_scale", 0);
        attention = scale == 0 ? attention
            : attention with { Temperature = new QueryTemperature(scale, attention.Rope!.OriginalContextLength) };
        ExpertSpec? experts = keys.Experts("feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            keys.DenseOrExperts(layer, Activation.Silu, experts)));
    }
}
