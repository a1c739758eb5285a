using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>CogVLM, text: llama's layers. The second set of weights, which images pass through, does not run.</summary>
internal sealed class CogVlm : Architecture
{
    public override string Name => "cogvlm";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { IsNotRun = IsOfImages };
        AttentionSpec attention = keys.Attention(RopePairing.Neox);
        keys.RequireWholeRope(attention);
        keys.RequireValuesLikeKeys(attention);

        // llama.cpp rotates by the defaults, whatever base, scaling and factors the file has.
        attention = attention with
        {
            HasEqualParts = true,
            InputBiasOrder = BiasOrder.NoScale,
            Scale = 1 / MathF.Sqrt(attention.KeyLength),
            Rope = new RopeSpec
            {
                Dimensions = attention.KeyLength,
                Pairing = RopePairing.Neox,
                Base = 10000,
                OriginalContextLength = keys.ContextLength,
            },
        };
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale }));
    }

    private static bool IsOfImages(string tensor) => tensor.Contains(".vis_", StringComparison.Ordinal);
}
