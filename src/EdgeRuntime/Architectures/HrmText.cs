using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// HRM-Text: two stacks of layers that run many times, each time with keys and values of their own. In each cycle the low stack runs some
/// times, then the high one once; each reads the sum of both results.
/// </summary>
internal sealed class HrmText : Architecture
{
    public override string Name => "hrm_text";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        int layers = keys.Positive("hrm.layers_per_stack");
        int lowPasses = keys.Positive("hrm.l_cycles");
        int cycles = keys.Positive("hrm.h_cycles");
        int passes = keys.Positive("block_count");
        keys.Require(
            (Int128)layers * cycles * (lowPasses + 1L) == passes && passes <= ArchitectureKeys.MostLayers, "block_count",
            $"{passes}", $"hrm.layers_per_stack * hrm.h_cycles * (hrm.l_cycles + 1), at most {ArchitectureKeys.MostLayers}");
        int hidden = keys.Hidden;
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            Embedding = new Embedding("token_embd", hidden) { Scale = keys.Factor("embedding_scale") },
            OutputNorm = null,
            TensorOf = name => SharedTensor(name, layers, lowPasses),
        };
        AttentionSpec attention = keys.Attention(RopePairing.Neox) with { Gate = OutputGateKind.Sigmoid };
        int width = keys.Positive("feed_forward_length");
        var high = new KeepStream(hidden);
        var low = new KeepStream(hidden);
        return decoder.Build(
            (index, layer) =>
            [
                .. index % layers == 0 ? Begin(index / layers) : [],
                new Residual(decoder.Norm(), new Attention(layer, hidden, attention)),
                new Residual(decoder.Norm(), new FeedForward(layer, hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale }),
            ],
            passes);

        // The residual stream holds the embedding, or the result of the last stack, which is normalized and kept.
        Stage[] Begin(int pass) => pass == 0 ? [high, new AddVector("hrm.z_l_init", hidden)]
            : pass % (lowPasses + 1) == 0 ? [new StreamNorm(decoder.Norm()), new KeepStream(hidden, high), new AddStream(low)]
            : [new StreamNorm(decoder.Norm()), pass == 1 ? low : new KeepStream(hidden, low), new AddStream(high)];
    }

    /// <summary>Gets the tensor of a layer's stack. Scales are those of the pass.</summary>
    private static string SharedTensor(string name, int layers, int lowPasses)
    {
        int layer = LayerNames.IndexOf(name);
        if (layer < 0 || name.EndsWith("scale", StringComparison.Ordinal))
        {
            return name;
        }

        bool isHigh = layer / layers % (lowPasses + 1) == lowPasses;
        return LayerNames.WithIndex(name, (layer % layers) + (isHigh ? layers : 0));
    }
}
