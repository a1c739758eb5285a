using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Qwen 3 VL, text, and Qwen 3 TTS: Qwen 3 with three positions for each token, which are equal in text.</summary>
/// <param name="name">The name of the family.</param>
/// <param name="outputRows">The rows of the output matrix, where they are fewer than the vocabulary; else null.</param>
/// <remarks>The layers that add vectors of images (<c>n_deepstack_layers</c>) add none for text.</remarks>
internal sealed class Qwen3Vl(string name, int? outputRows = null) : Architecture
{
    public override string Name => name;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        keys.Require(outputRows is null || keys.Vocabulary >= outputRows, "vocab_size", $"{keys.Vocabulary}", $"{outputRows} or more");
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            // The matrix with which rerankers score a whole text.
            IsNotRun = static tensor => tensor == "cls.output.weight",
            OutputRows = outputRows,
        };
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
