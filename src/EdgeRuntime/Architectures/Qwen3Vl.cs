using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Qwen 3 VL, text: Qwen 3 with three positions for each token, which are equal in text.</summary>
/// <remarks>The layers that add vectors of images (<c>n_deepstack_layers</c>) add none for text.</remarks>
internal sealed class Qwen3Vl : Architecture
{
    public override string Name => "qwen3vl";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        // The matrix with which rerankers score a whole text.
        var decoder = new Decoder(keys, NormKind.Rms) { IsNotRun = static tensor => tensor == "cls.output.weight" };
        AttentionSpec attention = keys.Attention(RopePairing.Neox) with { Norm = QueryKeyNorm.Heads, NormEpsilon = keys.RmsEpsilon };
        keys.RequireWholeRope(attention);
        attention = attention with { Rope = RopeKeys.ForText(keys, attention.Rope!, interleaved: true) };
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale }));
    }
}
