using EdgeRuntime.Gguf;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

// The parts of bound modules, for a backend that translates modules to another runtime's operators instead of running them.

/// <summary>The parts of an <see cref="Embedding"/>.</summary>
/// <param name="Table">[vocabulary, hidden].</param>
/// <param name="Scale">The factor of its rows.</param>
/// <param name="Type">[hidden] that is added to every row, or null.</param>
/// <param name="Positions">[positions, hidden], or null.</param>
/// <param name="PositionCount">The number of positions.</param>
/// <param name="Norm">The last step, or null.</param>
internal sealed record EmbeddingParts(
    GgufTensor Table, float Scale, NativeBuffer? Type, NativeBuffer? Positions, int PositionCount, Norm? Norm);

/// <summary>The parts of a <see cref="Norm"/>.</summary>
/// <param name="Kind">The formula.</param>
/// <param name="Epsilon">The number added under the root.</param>
/// <param name="Weight">[weight rows, width], or null.</param>
/// <param name="Bias">[weight rows, width], or null.</param>
internal sealed record NormParts(NormKind Kind, float Epsilon, NativeBuffer? Weight, NativeBuffer? Bias);

/// <summary>The parts of an <see cref="Attention"/> layer. Queries, keys and values are one fused projection, or separate ones.</summary>
/// <param name="Spec">The parameters.</param>
/// <param name="Fused">Rows of queries, then of keys, then of values; or null.</param>
/// <param name="Query">Rows of queries, or null.</param>
/// <param name="Key">Rows of keys, or null.</param>
/// <param name="Value">Rows of values; null if they are fused, or equal to the keys.</param>
/// <param name="Output">The last product.</param>
/// <param name="QueryNorm">The norm of queries, or null.</param>
/// <param name="KeyNorm">The norm of keys, or null.</param>
/// <param name="ValueNorm">The norm of values, or null.</param>
/// <param name="SubNorm">The norm before the last product, or null.</param>
/// <param name="Gate">The matrix of the gates; null for none, or for gates among the rows of queries.</param>
/// <param name="Rotation">The rope of the model that rotates queries and keys, or null.</param>
/// <param name="Sinks">[heads], or null.</param>
/// <param name="KeysOf">The earlier layer whose keys and values this layer reads; null for a layer with its own.</param>
internal sealed record AttentionParts(
    AttentionSpec Spec,
    Projection? Fused,
    Projection? Query,
    Projection? Key,
    Projection? Value,
    Projection Output,
    Norm? QueryNorm,
    Norm? KeyNorm,
    Norm? ValueNorm,
    Norm? SubNorm,
    Projection? Gate,
    Rotation? Rotation,
    float[]? Sinks,
    Attention? KeysOf);

/// <summary>The parts of a <see cref="FeedForward"/>.</summary>
/// <param name="Width">The inner width.</param>
/// <param name="Activation">The activation function.</param>
/// <param name="Gate">The gate, or null.</param>
/// <param name="Up">The product beside the gate.</param>
/// <param name="Down">The last product.</param>
/// <param name="Factors">[width] that multiply the activated elements, or null.</param>
internal sealed record FeedForwardParts(
    int Width, Activation Activation, Projection? Gate, Projection Up, Projection Down, NativeBuffer? Factors);

/// <summary>The parts of <see cref="Experts"/>.</summary>
/// <param name="Spec">The parameters.</param>
/// <param name="Activation">The activation function.</param>
/// <param name="Router">The product that scores experts.</param>
/// <param name="Bias">[scores] that are added for the choice only, or null.</param>
/// <param name="Gate">The gates of all experts; empty for none.</param>
/// <param name="Up">The products beside the gates.</param>
/// <param name="Down">The last products.</param>
/// <param name="Shared">The expert of every token, or null.</param>
/// <param name="SharedGate">The product that scores the shared expert, or null.</param>
internal sealed record ExpertsParts(
    ExpertSpec Spec,
    Activation Activation,
    Projection Router,
    NativeBuffer? Bias,
    Projection[] Gate,
    Projection[] Up,
    Projection[] Down,
    FeedForward? Shared,
    Projection? SharedGate);

/// <summary>The parts of <see cref="LatentExperts"/>.</summary>
/// <param name="Experts">The chosen experts, whose router reads the input of the layer.</param>
/// <param name="Shared">The expert of every token, or null.</param>
/// <param name="Down">The product of the experts' input.</param>
/// <param name="Up">The product of their result.</param>
internal sealed record LatentExpertsParts(Experts Experts, FeedForward? Shared, Projection Down, Projection Up);

/// <summary>The parts of <see cref="ChunkedExperts"/>.</summary>
/// <param name="Experts">The experts that read the input.</param>
/// <param name="Chunks">The experts that read their result.</param>
/// <param name="Scale">The factor of the result of the chunks.</param>
internal sealed record ChunkedExpertsParts(Experts Experts, Experts Chunks, float Scale);

/// <summary>The parts of a stage around a branch. A part that the stage does not have is null.</summary>
/// <param name="Before">The norm of the input.</param>
/// <param name="Branch">The mixer or feed-forward.</param>
/// <param name="After">The norm of the result, or of the sum.</param>
/// <param name="Second">A second norm after that.</param>
internal sealed record ResidualParts(Norm? Before, Branch Branch, Norm? After = null, Norm? Second = null);

/// <summary>The parts of a <see cref="Head"/>.</summary>
/// <param name="Norm">The last norm, or null.</param>
/// <param name="Output">The output matrix; null for a model without logits.</param>
/// <param name="Vocabulary">The number of logits.</param>
internal sealed record HeadParts(Norm? Norm, Projection? Output, int Vocabulary);

/// <summary>The parts of <see cref="LatentProjections"/>.</summary>
/// <param name="QueryDown">The product of the low-rank query, or null.</param>
/// <param name="QueryNorm">The norm of the low-rank query, or null.</param>
/// <param name="Query">The product of queries.</param>
/// <param name="KeyValue">The product of latent vectors, each followed by the rotated elements of the key.</param>
/// <param name="LatentNorm">The norm of latent vectors.</param>
/// <param name="RotatedNorm">The norm of the rotated elements of the key, or null.</param>
/// <param name="Indexer">The indexer of the layer, or null.</param>
internal sealed record LatentProjectionParts(
    Projection? QueryDown,
    Norm? QueryNorm,
    Projection Query,
    Projection KeyValue,
    Norm LatentNorm,
    Norm? RotatedNorm,
    KeyIndexerParts? Indexer);

/// <summary>The parts of a <see cref="KeyIndexer"/>.</summary>
/// <param name="Spec">The parameters.</param>
/// <param name="Query">The product of queries, from the low-rank query.</param>
/// <param name="Key">The product of the key, from the input of the layer.</param>
/// <param name="KeyNorm">The norm of keys.</param>
/// <param name="Weight">The product of the weights of the heads, from the input of the layer.</param>
/// <param name="Rotation">The rope.</param>
internal sealed record KeyIndexerParts(
    KeyIndexerSpec Spec, Projection Query, Projection Key, Norm KeyNorm, Projection Weight, Rotation Rotation);

/// <summary>The parts of <see cref="LatentAttention"/> and <see cref="ExpandedLatentAttention"/>.</summary>
/// <param name="Spec">The parameters.</param>
/// <param name="Inputs">The products before the attention.</param>
/// <param name="Absorb">The product of each head's query in the absorbed form; empty in the expanded form.</param>
/// <param name="Expand">The product of each head's result in the absorbed form; else one that makes keys and values.</param>
/// <param name="Gate">The matrix of the gates, or null.</param>
/// <param name="Output">The last product.</param>
/// <param name="Rotation">The rope.</param>
/// <param name="Sinks">[heads], or null.</param>
internal sealed record LatentAttentionParts(
    LatentAttentionSpec Spec,
    LatentProjectionParts Inputs,
    Projection[] Absorb,
    Projection[] Expand,
    Projection? Gate,
    Projection Output,
    Rotation Rotation,
    float[]? Sinks);

/// <summary>The parts of <see cref="LayerInputs"/>.</summary>
/// <param name="Table">[vocabulary, layers * width].</param>
/// <param name="Scale">The factor of its rows.</param>
/// <param name="Projection">The product of the embedding.</param>
/// <param name="Norm">The norm of a layer's part of the product.</param>
/// <param name="Layers">The number of layers.</param>
internal sealed record LayerInputsParts(GgufTensor Table, float Scale, Projection Projection, Norm Norm, int Layers);

/// <summary>The parts of a <see cref="LayerInput"/>.</summary>
/// <param name="Inputs">The stage that computes the inputs.</param>
/// <param name="Layer">The index of the layer.</param>
/// <param name="Gate">The product of the gates.</param>
/// <param name="Output">The last product.</param>
internal sealed record LayerInputParts(LayerInputs Inputs, int Layer, Projection Gate, Projection Output);

/// <summary>The parts of an <see cref="EarlyRouter"/>.</summary>
/// <param name="Mixer">The stage before the experts.</param>
/// <param name="FeedForward">The stage of the experts.</param>
/// <param name="Experts">The experts, whose router reads the input of the mixer.</param>
internal sealed record EarlyRouterParts(Stage Mixer, Residual FeedForward, Experts Experts);

/// <summary>The parts of <see cref="DenseBesideExperts"/>.</summary>
/// <param name="Dense">The feed-forward of every token.</param>
/// <param name="Experts">The experts.</param>
/// <param name="Norms">The norms.</param>
internal sealed record DenseBesideExpertsParts(FeedForward Dense, Experts Experts, DenseAndExpertNorms Norms);

/// <summary>The parts of a <see cref="SideBranch"/>.</summary>
/// <param name="Norm">The norm of the branch's input.</param>
/// <param name="Branch">The branch.</param>
/// <param name="Stages">The stages beside it.</param>
internal sealed record SideBranchParts(Norm Norm, Branch Branch, Stage[] Stages);

/// <summary>The parts of a <see cref="LowRankBranch"/>.</summary>
/// <param name="Left">The first product.</param>
/// <param name="Right">The second product.</param>
/// <param name="Norm">The norm of the result.</param>
internal sealed record LowRankParts(Projection Left, Projection Right, Norm Norm);
