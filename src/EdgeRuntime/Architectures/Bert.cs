using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// BERT and the encoders that keep its layers: attention to the whole text, a layer norm after each branch and after the embedding. They
/// differ in positions and feed-forwards.
/// </summary>
/// <param name="name">The architecture's name.</param>
/// <param name="activation">The activation function of the feed-forward.</param>
/// <param name="hasGate">Whether the feed-forward has a gate.</param>
/// <param name="hasRope">Whether positions are rotations; else they are learned.</param>
internal class Bert(string name, Activation activation, bool hasGate, bool hasRope) : Architecture
{
    public override string Name => name;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var encoder = new Decoder(keys, NormKind.Layer)
        {
            Embedding = CreateEmbedding(keys),
            HasLogits = false,
            HasOutputNorm = false,
            TextHeads = TextHeadKeys.WithRanking(keys, EmbeddingPooling.Cls),
        };
        AttentionSpec attention = CreateAttention(keys).ForEncoder();
        return encoder.Build((index, layer) =>
        [
            new PostNormResidual(
                new Attention(layer, encoder.Hidden, attention), encoder.Norm($"{layer}.attn_output_norm"),
                SecondNorm(keys, encoder, layer)),
            new PostNormResidual(CreateFeedForward(keys, index, layer), encoder.Norm($"{layer}.layer_output_norm")),
        ]);
    }

    /// <summary>Creates the parameters of the attention.</summary>
    protected virtual AttentionSpec CreateAttention(ArchitectureKeys keys) => hasRope ? keys.Attention(RopePairing.Neox) : keys.Attention();

    /// <summary>Creates the feed-forward of a layer.</summary>
    protected virtual Branch CreateFeedForward(ArchitectureKeys keys, int index, string layer) =>
        new FeedForward(layer, keys.Hidden, keys.Positive("feed_forward_length"), activation, hasGate) { BiasOrder = BiasOrder.NoScale };

    /// <summary>Creates the norm after the attention's input is added for a second time; null for none.</summary>
    protected virtual Norm? SecondNorm(ArchitectureKeys keys, Decoder encoder, string layer) => null;

    /// <summary>Gets whether positions are rows of a table.</summary>
    protected virtual bool HasLearnedPositions => !hasRope;

    private Embedding CreateEmbedding(ArchitectureKeys keys) => new("token_embd", keys.Hidden)
    {
        Types = "token_types",
        Positions = HasLearnedPositions ? "position_embd" : null,
        PositionCount = keys.ContextLength,
        Norm = new Norm("token_embd_norm", NormKind.Layer, keys.LayerNormEpsilon, keys.Hidden),
    };
}
