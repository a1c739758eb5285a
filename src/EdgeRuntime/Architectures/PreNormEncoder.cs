using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Encoders with the layers of Llama: RMS norms before each branch, rotations, a gate with SiLU. EuroBERT, NeoBERT, and Llama that was
/// trained to make embeddings.
/// </summary>
/// <param name="name">The architecture's name.</param>
/// <param name="pairing">Which elements of a head rotate together.</param>
/// <param name="outputNorm">The name of the last norm.</param>
/// <param name="hasFusedGate">Whether one matrix has the rows of gate and up.</param>
/// <param name="mayBeCausal">Whether the file says if positions attend to later ones.</param>
internal sealed class PreNormEncoder(
    string name, RopePairing pairing, string outputNorm = "output_norm", bool hasFusedGate = false, bool mayBeCausal = false) : Architecture
{
    public override string Name => name;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var encoder = new Decoder(keys, NormKind.Rms)
        {
            HasLogits = false,
            OutputNorm = outputNorm,
            TextHeads = TextHeadKeys.WithRanking(keys, EmbeddingPooling.Cls),
        };
        AttentionSpec attention = keys.Attention(pairing);
        attention = attention.ForEncoder() with { IsCausal = mayBeCausal && attention.IsCausal };
        ExpertSpec? experts = keys.Experts("feed_forward_length");
        return encoder.Build((_, layer) => encoder.PreNorm(
            layer,
            new Attention(layer, encoder.Hidden, attention),
            hasFusedGate
                ? new FeedForward(layer, encoder.Hidden, keys.Positive("feed_forward_length"), Activation.Silu) { HasFusedGate = true }
                : keys.DenseOrExperts(layer, Activation.Silu, experts)));
    }
}
