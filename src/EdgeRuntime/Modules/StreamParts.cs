using EdgeRuntime.Memory;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

// The parts of bound modules with several residual streams.

/// <summary>The parts of <see cref="StartOfAlternatingStreams"/> and <see cref="EndOfAlternatingStreams"/>.</summary>
/// <param name="Streams">The streams.</param>
/// <param name="Matrices">The product of each stream but the first.</param>
internal sealed record AlternatingStreamsParts(ResidualStreams Streams, Projection[] Matrices);

/// <summary>The parts of an <see cref="AlternatingUpdate"/>.</summary>
/// <param name="Streams">The streams.</param>
/// <param name="RouterNorm">The norm before the router.</param>
/// <param name="Router">The product of which the coefficients depend.</param>
/// <param name="Predictions">[streams * streams, streams]: the coefficients of predictions.</param>
/// <param name="Corrections">[streams, streams]: the coefficients of corrections.</param>
/// <param name="Scale">[hidden]: the factors of the corrected first stream.</param>
/// <param name="Stages">The stages of the layer.</param>
/// <param name="Branch">The branch that is added to the other streams.</param>
/// <param name="BranchNorm">The norm of its result.</param>
internal sealed record AlternatingUpdateParts(
    ResidualStreams Streams,
    Norm RouterNorm,
    Projection Router,
    float[] Predictions,
    float[] Corrections,
    NativeBuffer Scale,
    Stage[] Stages,
    Branch Branch,
    Norm BranchNorm);

/// <summary>The parts of <see cref="StreamWeights"/>.</summary>
/// <param name="Streams">The streams.</param>
/// <param name="Spec">The parameters.</param>
/// <param name="Norm">The norm of all streams.</param>
/// <param name="Projection">The product of the weights.</param>
/// <param name="Base">[weights]: added to the weights.</param>
/// <param name="Scales">[1 or 2]: the factors of the weights of inputs and of results.</param>
internal sealed record StreamWeightsParts(
    ResidualStreams Streams, HyperConnectionSpec Spec, Norm Norm, Projection Projection, NativeBuffer Base, float[] Scales);

/// <summary>The parts of a <see cref="HyperConnection"/>.</summary>
/// <param name="Weights">The weights of the streams.</param>
/// <param name="Before">The norm of the branch's input.</param>
/// <param name="Branch">The branch.</param>
internal sealed record HyperConnectionParts(StreamWeightsParts Weights, Norm Before, Branch Branch);

/// <summary>The parts of a <see cref="MixedResidual"/>.</summary>
/// <param name="Mix">The mix of the residual stream with kept ones.</param>
/// <param name="Keeps">Whether the stage keeps its input.</param>
/// <param name="Norm">The norm of the branch's input.</param>
/// <param name="Branch">The branch.</param>
internal sealed record MixedResidualParts(ResidualMix Mix, bool Keeps, Norm Norm, Branch Branch);
