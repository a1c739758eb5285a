using EdgeRuntime.Memory;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

// The parts of bound mixers that keep recurrent state.

/// <summary>The parts of a <see cref="CausalConvolution"/>.</summary>
/// <param name="Taps">The number of weights per channel.</param>
/// <param name="Channels">The number of channels.</param>
/// <param name="Weights">[taps, channels].</param>
/// <param name="Bias">[channels], or null.</param>
internal sealed record CausalConvolutionParts(int Taps, int Channels, NativeBuffer Weights, NativeBuffer? Bias);

/// <summary>The parts of a <see cref="ShortConvolution"/>.</summary>
/// <param name="Input">The product of b, c and x.</param>
/// <param name="Convolution">The convolution of b * x.</param>
/// <param name="Output">The last product.</param>
internal sealed record ShortConvolutionParts(Projection Input, CausalConvolution Convolution, Projection Output);

/// <summary>The parts of a <see cref="Mamba2"/> layer.</summary>
/// <param name="Spec">The parameters.</param>
/// <param name="Input">The product of z, then x, B and C, then dt.</param>
/// <param name="Convolution">The convolution of x, B and C.</param>
/// <param name="A">[heads]: the factors of time steps in the logarithms of decays.</param>
/// <param name="D">[heads]: the factors of x in the result.</param>
/// <param name="TimeBias">[heads]: added to dt.</param>
/// <param name="Norm">The norm of each group of the result, or null.</param>
/// <param name="Output">The last product.</param>
internal sealed record Mamba2Parts(
    Mamba2Spec Spec,
    Projection Input,
    CausalConvolution Convolution,
    NativeBuffer A,
    NativeBuffer D,
    NativeBuffer TimeBias,
    Norm? Norm,
    Projection Output);

/// <summary>The parts of a <see cref="Mamba"/> layer.</summary>
/// <param name="Spec">The parameters.</param>
/// <param name="Input">The product of x and z.</param>
/// <param name="Convolution">The convolution of x.</param>
/// <param name="Selection">The product of dt, B and C.</param>
/// <param name="Norms">The norms of dt, B and C; null where there is none.</param>
/// <param name="Time">The product that makes time steps of dt.</param>
/// <param name="A">[state, inner]: the factors of time steps in the logarithms of decays.</param>
/// <param name="D">[inner]: the factors of x in the result.</param>
/// <param name="Output">The last product.</param>
internal sealed record MambaParts(
    MambaSpec Spec,
    Projection Input,
    CausalConvolution Convolution,
    Projection Selection,
    Norm?[] Norms,
    Projection Time,
    NativeBuffer A,
    NativeBuffer D,
    Projection Output);

/// <summary>The parts of a <see cref="DeltaRule"/>.</summary>
/// <param name="Spec">The parameters.</param>
/// <param name="A">[heads]: the factors of decays.</param>
/// <param name="TimeBias">[decay width]: added to decays.</param>
/// <param name="Norm">The norm of each head's result.</param>
internal sealed record DeltaRuleParts(DeltaRuleSpec Spec, NativeBuffer A, NativeBuffer TimeBias, Norm Norm);

/// <summary>The parts of a <see cref="GatedDeltaNet"/>.</summary>
/// <param name="Rule">The delta rule.</param>
/// <param name="Mixed">The product of queries, keys and values.</param>
/// <param name="Convolution">The convolution of these.</param>
/// <param name="Gate">The product of the gates.</param>
/// <param name="Rates">The product of the rates, or of rates and decays for each key head.</param>
/// <param name="Decays">The product of the decays; null if they are with the rates.</param>
/// <param name="Output">The last product.</param>
internal sealed record GatedDeltaNetParts(
    DeltaRuleParts Rule,
    Projection Mixed,
    CausalConvolution Convolution,
    Projection Gate,
    Projection Rates,
    Projection? Decays,
    Projection Output);

/// <summary>The parts of a <see cref="DeltaAttention"/> layer.</summary>
/// <param name="Rule">The delta rule.</param>
/// <param name="Mixed">The products of queries, keys and values.</param>
/// <param name="Convolution">The convolution of these.</param>
/// <param name="Rates">The product of the rates.</param>
/// <param name="Decays">The products of the decays, one after the other.</param>
/// <param name="Gates">The products of the gates, one after the other.</param>
/// <param name="Output">The last product.</param>
internal sealed record DeltaAttentionParts(
    DeltaRuleParts Rule,
    Projection[] Mixed,
    CausalConvolution Convolution,
    Projection Rates,
    Projection[] Decays,
    Projection[] Gates,
    Projection Output);

/// <summary>The parts of a <see cref="LightningAttention"/> layer.</summary>
/// <param name="Spec">The parameters.</param>
/// <param name="Mixed">The product of queries, keys and values of each head.</param>
/// <param name="Gate">The product of the gates.</param>
/// <param name="Norm">The norm of the result of all heads.</param>
/// <param name="Output">The last product.</param>
internal sealed record LightningAttentionParts(
    LightningAttentionSpec Spec, Projection Mixed, Projection Gate, Norm Norm, Projection Output);
