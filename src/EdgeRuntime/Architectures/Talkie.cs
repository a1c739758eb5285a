using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Talkie: norms without weights, also of queries and keys after the rope; a gain for each query head; and the normalized embedding, which
/// every layer adds again with a factor of its own.
/// </summary>
internal sealed class Talkie : Architecture
{
    public override string Name => "talkie";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        int hidden = keys.Hidden;
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            Embedding = new Embedding("token_embd", hidden) { Norm = new Norm(null, NormKind.Rms, keys.RmsEpsilon, hidden) },
            OutputNorm = null,
            LogitScale = keys.PositiveSingle("logit_scale"),
        };
        AttentionSpec attention = keys.Attention(RopePairing.Neox) with
        {
            Norm = QueryKeyNorm.QueryGains,
            NormsAfterRope = true,
            NormEpsilon = keys.RmsEpsilon,
        };
        keys.RequireWholeRope(attention);
        int width = keys.Positive("feed_forward_length");
        var embedding = new KeepStream(hidden);
        return decoder.Build((index, layer) =>
        [
            .. index == 0 ? new Stage[] { embedding } : [],
            new Residual(decoder.Norm(), new Attention(layer, hidden, attention)),
            new Residual(decoder.Norm(), new FeedForward(layer, hidden, width, Activation.Silu)
            {
                BiasOrder = BiasOrder.NoScale,
                DownBiasOrder = BiasOrder.BeforeScale,
            }),
            new AddStream(embedding, $"{layer}.layer_output_scale.weight"),
        ]);
    }
}
