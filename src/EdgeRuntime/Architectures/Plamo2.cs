using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>PLaMo 2: layers without KV heads are Mamba with heads, the others attention; norms around each branch.</summary>
internal sealed class Plamo2 : Architecture
{
    public override string Name => "plamo2";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        int[] kvHeads = keys.KvHeads();
        MambaSpec mamba = keys.Mamba();
        mamba = mamba with { Heads = mamba.Rank, Rank = Math.Max(64, decoder.Hidden / 16), BiasOrder = BiasOrder.NoScale };
        keys.Require(
            mamba.Inner % mamba.Heads == 0, "ssm.time_step_rank", $"{mamba.Heads}", $"a divisor of ssm.inner_size, {mamba.Inner}");
        AttentionSpec Attention(int layer)
        {
            AttentionSpec attention = keys.Attention(RopePairing.Neox, layer);
            return attention with
            {
                Norm = QueryKeyNorm.OwnHeads,
                NormEpsilon = keys.RmsEpsilon,
                Scale = 1 / MathF.Sqrt(attention.ValueLength),
                InputBiasOrder = BiasOrder.NoScale,
            };
        }

        int width = keys.Positive("feed_forward_length");
        return decoder.Build((index, layer) =>
        [
            new Residual(
                decoder.Norm($"{layer}.attn_norm"),
                kvHeads[index] == 0
                    ? new Modules.Mamba(layer, decoder.Hidden, mamba)
                    : new Attention(layer, decoder.Hidden, Attention(index)),
                After($"{layer}.post_attention_norm")),
            new Residual(
                decoder.Norm($"{layer}.ffn_norm"),
                new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { HasFusedGate = true, BiasOrder = BiasOrder.NoScale },
                After($"{layer}.post_ffw_norm")),
        ]);

        Norm After(string name) => new(name, NormKind.Rms, keys.RmsEpsilon, decoder.Hidden) { Suffix = "" };
    }
}
