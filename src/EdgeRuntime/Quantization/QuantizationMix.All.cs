using EdgeRuntime.Formats;

namespace EdgeRuntime.Quantization;

/// <content>
/// The file types. Source: llama.cpp v0.5.0, llama-quant.cpp and llama.h (<c>enum llama_ftype</c>). MXFP4 and NVFP4 for all layers are
/// additions: llama.cpp makes such files only on request for single tensors.
/// </content>
public sealed partial class QuantizationMix
{
    private const string Q2_K_S = "Q2_K_S";

    /// <summary>Rules that come first in all mixes of more than about two bits.</summary>
    internal static readonly TypeRule[] s_commonRules =
    [
        new(TensorRole.Value, TensorType.Q8_0, When.EightExperts),
        new(TensorRole.Key, TensorType.Q8_0, When.EightExperts),
    ];

    private static readonly QuantizationMix[] s_all =
    [
        new("F32", 0, TensorType.F32),
        new("F16", 1, TensorType.F16),
        new("BF16", 32, TensorType.BF16),
        new("Q8_0", 7, TensorType.Q8_0) { OutputType = TensorType.Q8_0 },
        new("Q6_K", 18, TensorType.Q6_K),
        new("Q5_K_M", 17, TensorType.Q5_K)
        {
            Rules = [new(TensorRole.Value, TensorType.Q6_K, When.MoreBits), new(TensorRole.Down, TensorType.Q6_K, When.MoreBits)],
        },
        new("Q5_K_S", 16, TensorType.Q5_K),
        new("Q5_1", 9, TensorType.Q5_1),
        new("Q5_0", 8, TensorType.Q5_0)
        {
            Rules = [new(TensorRole.Down, TensorType.Q5_1, When.FirstEighth | When.Importance)],
        },
        new("Q4_K_M", 15, TensorType.Q4_K)
        {
            Rules =
            [
                new(TensorRole.Value, TensorType.Q6_K, When.MoreBits),
                new(TensorRole.Down, TensorType.Q6_K, When.Falcon | When.FirstSixteenth),
                new(TensorRole.Down, TensorType.Q5_K, When.Falcon | When.MoreBits),
                new(TensorRole.Down, null, When.Falcon),
                new(TensorRole.Down, TensorType.Q6_K, When.MoreBits),
                .. AttentionOutputs(null),
            ],
        },
        new("Q4_K_S", 14, TensorType.Q4_K)
        {
            Rules =
            [
                new(TensorRole.Value, TensorType.Q5_K, When.FirstFour),
                new(TensorRole.Down, null, When.Falcon),
                new(TensorRole.Down, TensorType.Q5_K, When.FirstEighth),
                .. AttentionOutputs(null),
            ],
        },
        new("Q4_1", 3, TensorType.Q4_1),
        new("Q4_0", 2, TensorType.Q4_0)
        {
            Rules = [new(TensorRole.Down, TensorType.Q4_1, When.FirstEighth | When.Importance)],
        },
        new("IQ4_NL", 25, TensorType.IQ4_NL) { Rules = NonLinear() },
        new("IQ4_XS", 30, TensorType.IQ4_XS) { Rules = NonLinear() },
        new("MXFP4", 38, TensorType.MXFP4) { OutputType = TensorType.Q8_0 },
        new("MXFP4_MOE", 38, TensorType.MXFP4)
        {
            OutputType = TensorType.Q8_0,
            EmbeddingType = TensorType.Q8_0,
            HasCommonRules = false,
            Rules = [new(null, TensorType.MXFP4, When.Stacked), new(null, TensorType.Q8_0)],
        },
        new("NVFP4", 39, TensorType.NVFP4),
        new("Q3_K_L", 13, TensorType.Q3_K)
        {
            Rules =
            [
                new(TensorRole.Value, TensorType.Q5_K),
                new(TensorRole.Down, TensorType.Q4_K, When.Falcon),
                new(TensorRole.Down, TensorType.Q5_K),
                .. AttentionOutputs(TensorType.Q5_K, ofEightExperts: null, ofFalcon: TensorType.Q4_K),
            ],
        },
        new("Q3_K_M", 12, TensorType.Q3_K)
        {
            Rules =
            [
                new(TensorRole.Value, TensorType.Q5_K, When.FirstTwo),
                new(TensorRole.Value, TensorType.Q4_K),
                new(TensorRole.Down, TensorType.Q5_K, When.FirstSixteenth),
                new(TensorRole.Down, TensorType.Q4_K, When.MoreBits),
                new(TensorRole.Down, null, When.Falcon),
                new(TensorRole.Down, TensorType.Q4_K),
                .. AttentionOutputs(TensorType.Q4_K),
            ],
        },
        new("Q3_K_S", 11, TensorType.Q3_K) { Rules = AttentionOutputs(null) },
        new("IQ3_M", 27, TensorType.IQ3_S)
        {
            Rules =
            [
                new(TensorRole.Value, TensorType.Q4_K),
                new(TensorRole.Down, TensorType.Q4_K, When.FirstEighth),
                new(TensorRole.Down, TensorType.Q4_K, When.EightExperts | When.MoreBits),
                .. AttentionOutputs(TensorType.Q4_K),
            ],
        },
        new("IQ3_S", 26, TensorType.IQ3_S)
        {
            Rules = [new(TensorRole.Value, TensorType.Q4_K, When.SharedValues), .. AttentionOutputs(null)],
        },
        new("IQ3_XS", 22, TensorType.IQ3_S)
        {
            Rules =
            [
                new(TensorRole.Value, TensorType.Q4_K, When.SharedValues),
                new(TensorRole.Query, TensorType.IQ3_XXS),
                new(TensorRole.Key, TensorType.IQ3_XXS),
                new(TensorRole.Gate, TensorType.IQ3_XXS, When.Middle),
                new(TensorRole.Up, TensorType.IQ3_XXS, When.Middle),
                .. AttentionOutputs(null),
            ],
        },
        new("IQ3_XXS", 23, TensorType.IQ3_XXS)
        {
            OutputType = TensorType.Q5_K,
            EmbeddingType = TensorType.IQ3_S,
            Rules =
            [
                new(TensorRole.Value, TensorType.Q4_K, When.SharedValues),
                new(TensorRole.Value, TensorType.IQ3_S, When.NoImportance),
                new(TensorRole.Query, TensorType.IQ2_S),
                new(TensorRole.Key, TensorType.IQ2_S),
                new(TensorRole.Down, TensorType.Q4_K, When.FirstEighth | When.NoImportance),
                new(TensorRole.Down, TensorType.Q3_K, When.NoImportance),
                .. AttentionOutputs(TensorType.IQ3_S),
            ],
        },
        new("Q2_K", 10, TensorType.Q2_K)
        {
            Rules =
            [
                new(TensorRole.Value, TensorType.Q4_K, When.SharedValues),
                new(TensorRole.Value, TensorType.Q3_K),
                new(TensorRole.Down, TensorType.Q3_K),
                .. AttentionOutputs(TensorType.Q3_K),
            ],
        },
        new(Q2_K_S, 21, TensorType.Q2_K)
        {
            Rules =
            [
                new(TensorRole.Value, TensorType.Q4_K, When.SharedValues),
                new(TensorRole.Down, TensorType.Q4_K, When.FirstEighth),
            ],
        },
        LowBits("IQ2_M", 29, TensorType.IQ2_S, TensorType.IQ3_S, TensorType.IQ3_S),
        LowBits("IQ2_S", 28, TensorType.IQ2_XS, TensorType.IQ3_S, TensorType.IQ3_S),
        LowBits("IQ2_XS", 20, TensorType.IQ2_XS, TensorType.Q2_K, attentionOutput: null),
        LowBits("IQ2_XXS", 19, TensorType.IQ2_XXS, TensorType.Q2_K, attentionOutput: null),
        LowBits("IQ1_M", 31, TensorType.IQ1_M, TensorType.Q2_K, TensorType.IQ2_XXS),
        LowBits("IQ1_S", 24, TensorType.IQ1_S, TensorType.Q2_K, TensorType.IQ2_XXS),
        new("TQ2_0", 37, TensorType.TQ2_0) { EmbeddingType = TensorType.Q4_K },
        new("TQ1_0", 36, TensorType.TQ1_0) { EmbeddingType = TensorType.Q4_K },
        new("Q2_0", 41, TensorType.Q2_0) { EmbeddingType = TensorType.Q4_K },
        new("Q1_0", 40, TensorType.Q1_0),
    ];

    /// <summary>Gets the rules for attention outputs.</summary>
    /// <param name="type">The type; null for the base type.</param>
    /// <param name="ofEightExperts">The type in a model with eight experts.</param>
    /// <param name="ofFalcon">The type in Falcon models.</param>
    private static TypeRule[] AttentionOutputs(
        TensorType? type, TensorType? ofEightExperts = TensorType.Q5_K, TensorType? ofFalcon = null) =>
    [
        new(TensorRole.AttentionOutput, ofFalcon, When.Falcon),
        new(TensorRole.AttentionOutput, ofEightExperts, When.EightExperts),
        new(TensorRole.AttentionOutput, type),
    ];

    private static TypeRule[] NonLinear() =>
    [
        new(TensorRole.Value, TensorType.Q5_K, When.SharedValues),
        new(TensorRole.Down, TensorType.Q5_K, When.FirstEighth | When.NoImportance),
        .. AttentionOutputs(null),
    ];

    /// <summary>Creates a mix of about two bits or less.</summary>
    /// <param name="name">The name.</param>
    /// <param name="fileType">The value of <c>general.file_type</c>.</param>
    /// <param name="baseType">The type of most tensors.</param>
    /// <param name="better">The type of embeddings, of values that few heads share, and of the first feed-forward outputs.</param>
    /// <param name="attentionOutput">The type of attention outputs; null for the base type.</param>
    private static QuantizationMix LowBits(
        string name, int fileType, TensorType baseType, TensorType better, TensorType? attentionOutput) => new(name, fileType, baseType)
        {
            OutputType = TensorType.Q5_K,
            EmbeddingType = better,
            HasCommonRules = false,
            Rules =
            [
                new(TensorRole.Value, TensorType.Q4_K, When.SharedValues),
                new(TensorRole.Value, TensorType.Q4_K, When.FourExperts),
                new(TensorRole.Value, better),
                new(TensorRole.Key, TensorType.Q4_K, When.EightExperts),
                new(TensorRole.Down, better, When.FirstEighthCounted),
                new(TensorRole.AttentionOutput, TensorType.Q5_K, When.EightExperts),
                new(TensorRole.AttentionOutput, attentionOutput),
            ],
        };
}
