using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// DeciLM, Nemotron 51B, 49B and 253B: llama's layers with other sizes in each. A layer without KV heads has a matrix in the place of
/// attention, and a layer without heads has a feed-forward only.
/// </summary>
/// <remarks>llama.cpp passes over a layer without a feed-forward altogether, and so does this runtime.</remarks>
internal sealed class Deci : Architecture
{
    public override string Name => "deci";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        int[] heads = keys.PerLayer("attention.head_count");
        int[] kvHeads = keys.KvHeads();
        int[] widths = keys.PerLayer("feed_forward_length");
        var decoder = new Decoder(keys, NormKind.Rms) { IsNotRun = IsNotRun };
        return decoder.Build((index, layer) =>
        {
            if (widths[index] == 0)
            {
                return [];
            }

            var feedForward = new Residual(
                decoder.Norm($"{layer}.ffn_norm"),
                new FeedForward(layer, decoder.Hidden, widths[index], Activation.Silu) { BiasOrder = BiasOrder.NoScale });
            return heads[index] == 0 ? [feedForward] : [new Residual(decoder.Norm($"{layer}.attn_norm"), Mixer(index, layer)), feedForward];
        });

        Branch Mixer(int index, string layer)
        {
            if (kvHeads[index] == 0)
            {
                return new LinearBranch(layer, "attn_output", decoder.Hidden);
            }

            AttentionSpec attention = keys.Attention(RopePairing.Norm, index);
            keys.RequireWholeRope(attention);
            return new Attention(layer, decoder.Hidden, attention);
        }

        bool IsNotRun(string tensor)
        {
            int index = LayerNames.IndexOf(tensor);
            return index >= 0 && index < widths.Length
                && (widths[index] == 0 || (kvHeads[index] == 0 && tensor.EndsWith(".attn_output.bias", StringComparison.Ordinal)));
        }
    }
}
