using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Jamba: layers without KV heads are Mamba, the others attention without positions; those with a router have experts.
/// </summary>
internal sealed class Jamba : Architecture
{
    public override string Name => "jamba";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        int[] kvHeads = keys.KvHeads();
        MambaSpec mamba = keys.Mamba();
        ExpertSpec? experts = keys.Experts("feed_forward_length");
        experts = experts is null ? null : experts with { Normalizes = false, BiasOrder = BiasOrder.NoScale };
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            kvHeads[index] == 0
                ? new Modules.Mamba(layer, decoder.Hidden, mamba)
                : new Attention(layer, decoder.Hidden, keys.Attention(index)),
            keys.DenseOrExperts(
                layer, Activation.Silu, keys.Source.Has($"{layer}.ffn_gate_inp.weight") ? experts : null, order: BiasOrder.NoScale)));
    }
}
