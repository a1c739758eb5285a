using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Qwen 2 and 2.5 VL and PaddleOCR-VL, text: llama's layers with three positions for each token, which are equal in text.
/// </summary>
/// <param name="name">The name of the family.</param>
/// <param name="readsEpsilon">Whether the norms have the epsilon of the file; llama.cpp computes Qwen 2 VL with 0.</param>
internal sealed class Qwen2Vl(string name, bool readsEpsilon) : Architecture
{
    public override string Name => name;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        // llama.cpp loads a bias of the output and does not add it.
        var decoder = new Decoder(keys, NormKind.Rms, readsEpsilon ? null : 0) { IsNotRun = static tensor => tensor == "output.bias" };
        AttentionSpec attention = keys.Attention(RopePairing.Neox);
        keys.RequireWholeRope(attention);
        attention = attention with { Rope = RopeKeys.ForText(keys, attention.Rope!, interleaved: false) };
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale }));
    }
}
