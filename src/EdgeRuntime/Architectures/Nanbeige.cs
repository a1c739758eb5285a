using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>Nanbeige: llama's layers, which run several times, each time with keys and values of their own.</summary>
internal sealed class Nanbeige : Architecture
{
    public override string Name => "nanbeige";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        int layers = keys.LayerCount;
        int loops = keys.Positive("num_loops", 1);
        keys.Require(
            (long)layers * loops <= ArchitectureKeys.MostLayers, "num_loops", $"{loops}",
            $"at most {ArchitectureKeys.MostLayers} layers in all");
        bool normsLoops = !keys.Flag("skip_loop_final_norm", false);
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            // Scales are those of the pass.
            TensorOf = name => name.EndsWith("scale", StringComparison.Ordinal) || LayerNames.IndexOf(name) < layers
                ? name
                : LayerNames.WithIndex(name, LayerNames.IndexOf(name) % layers),
        };
        AttentionSpec attention = keys.Attention(RopePairing.Norm);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build(
            (index, layer) =>
            [
                .. normsLoops && index > 0 && index % layers == 0 ? new Stage[] { new StreamNorm(decoder.Norm("output_norm")) } : [],
                .. decoder.PreNorm(
                    layer, new Attention(layer, decoder.Hidden, attention), new FeedForward(layer, decoder.Hidden, width, Activation.Silu)),
            ],
            layers * loops);
    }
}
