using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Cli.Bench.Synthesis;

/// <summary>
/// The tensor type of each matrix of a file. Source: llama.cpp v0.5.0, llama-quant.cpp, with an importance matrix for the types that
/// need one. Its MXFP4 is for experts only; here the type is that of all layers.
/// </summary>
/// <param name="Name">The name of the file type in llama.cpp.</param>
/// <param name="Base">The type of most matrices.</param>
/// <param name="Output">The type of the output matrix, and of an embedding that is one.</param>
/// <param name="Special">The type of a matrix that has another one, by its name, its layer and the model's shape.</param>
/// <param name="Embedding">The type of an embedding that is not the output matrix; the base where null.</param>
internal sealed record TypeMix(
    string Name,
    TensorType Base,
    TensorType Output,
    Func<string, int, ModelShape, TensorType?>? Special = null,
    TensorType? Embedding = null)
{
    private const string Query = "attn_q";
    private const string Key = "attn_k";
    private const string Value = "attn_v";
    private const string AttentionOutput = "attn_output";
    private const string Gate = "ffn_gate";
    private const string Up = "ffn_up";
    private const string Down = "ffn_down";

    public static IReadOnlyList<TypeMix> All { get; } =
    [
        new("F32", TensorType.F32, TensorType.F32),
        new("F16", TensorType.F16, TensorType.F16),
        new("BF16", TensorType.BF16, TensorType.BF16),
        new("Q4_0", TensorType.Q4_0, TensorType.Q6_K),
        new("Q4_1", TensorType.Q4_1, TensorType.Q6_K),
        new("Q5_0", TensorType.Q5_0, TensorType.Q6_K),
        new("Q5_1", TensorType.Q5_1, TensorType.Q6_K),
        new("Q8_0", TensorType.Q8_0, TensorType.Q8_0),
        new("Q2_K", TensorType.Q2_K, TensorType.Q6_K, static (matrix, _, shape) => matrix switch
        {
            Value => SharesValues(shape) ? TensorType.Q4_K : TensorType.Q3_K,
            Down or AttentionOutput => TensorType.Q3_K,
            _ => null,
        }),
        new("Q2_K_S", TensorType.Q2_K, TensorType.Q6_K, static (matrix, layer, shape) =>
            (matrix == Value && SharesValues(shape)) || IsEarlyDown(matrix, layer, shape) ? TensorType.Q4_K : null),
        new("Q3_K_S", TensorType.Q3_K, TensorType.Q6_K),
        new("Q3_K_M", TensorType.Q3_K, TensorType.Q6_K, static (matrix, layer, shape) => matrix switch
        {
            Value => layer < 2 ? TensorType.Q5_K : TensorType.Q4_K,
            Down => layer < shape.Layers / 16 ? TensorType.Q5_K : TensorType.Q4_K,
            AttentionOutput => TensorType.Q4_K,
            _ => null,
        }),
        new("Q3_K_L", TensorType.Q3_K, TensorType.Q6_K, static (matrix, _, _) =>
            matrix is Value or Down or AttentionOutput ? TensorType.Q5_K : null),
        new("Q4_K_S", TensorType.Q4_K, TensorType.Q6_K, static (matrix, layer, shape) =>
            (matrix == Value && layer < 4) || IsEarlyDown(matrix, layer, shape) ? TensorType.Q5_K : null),
        new("Q4_K_M", TensorType.Q4_K, TensorType.Q6_K, MoreBits),
        new("Q5_K_S", TensorType.Q5_K, TensorType.Q6_K),
        new("Q5_K_M", TensorType.Q5_K, TensorType.Q6_K, MoreBits),
        new("Q6_K", TensorType.Q6_K, TensorType.Q6_K),
        new("IQ1_S", TensorType.IQ1_S, TensorType.Q5_K, LowBits(TensorType.Q2_K, TensorType.IQ2_XXS), TensorType.Q2_K),
        new("IQ1_M", TensorType.IQ1_M, TensorType.Q5_K, LowBits(TensorType.Q2_K, TensorType.IQ2_XXS), TensorType.Q2_K),
        new("IQ2_XXS", TensorType.IQ2_XXS, TensorType.Q5_K, LowBits(TensorType.Q2_K), TensorType.Q2_K),
        new("IQ2_XS", TensorType.IQ2_XS, TensorType.Q5_K, LowBits(TensorType.Q2_K), TensorType.Q2_K),
        new("IQ2_S", TensorType.IQ2_XS, TensorType.Q5_K, LowBits(TensorType.IQ3_S, TensorType.IQ3_S), TensorType.IQ3_S),
        new("IQ2_M", TensorType.IQ2_S, TensorType.Q5_K, LowBits(TensorType.IQ3_S, TensorType.IQ3_S), TensorType.IQ3_S),
        new("IQ3_XXS", TensorType.IQ3_XXS, TensorType.Q5_K, static (matrix, _, shape) => matrix switch
        {
            Value when SharesValues(shape) => TensorType.Q4_K,
            Query or Key => TensorType.IQ2_S,
            AttentionOutput => TensorType.IQ3_S,
            _ => null,
        }, TensorType.IQ3_S),
        new("IQ3_XS", TensorType.IQ3_S, TensorType.Q6_K, static (matrix, layer, shape) => matrix switch
        {
            Value when SharesValues(shape) => TensorType.Q4_K,
            Query or Key => TensorType.IQ3_XXS,
            Gate or Up when layer >= shape.Layers / 8 && layer < 7 * shape.Layers / 8 => TensorType.IQ3_XXS,
            _ => null,
        }),
        new("IQ3_S", TensorType.IQ3_S, TensorType.Q6_K, static (matrix, _, shape) =>
            matrix == Value && SharesValues(shape) ? TensorType.Q4_K : null),
        new("IQ3_M", TensorType.IQ3_S, TensorType.Q6_K, static (matrix, layer, shape) =>
            matrix is Value or AttentionOutput || IsEarlyDown(matrix, layer, shape) ? TensorType.Q4_K : null),
        new("IQ4_NL", TensorType.IQ4_NL, TensorType.Q6_K, BetterNonLinear),
        new("IQ4_XS", TensorType.IQ4_XS, TensorType.Q6_K, BetterNonLinear),
        new("TQ1_0", TensorType.TQ1_0, TensorType.Q6_K, Embedding: TensorType.Q4_K),
        new("TQ2_0", TensorType.TQ2_0, TensorType.Q6_K, Embedding: TensorType.Q4_K),
        new("MXFP4", TensorType.MXFP4, TensorType.Q8_0),
        new("NVFP4", TensorType.NVFP4, TensorType.Q6_K),
        new("Q1_0", TensorType.Q1_0, TensorType.Q6_K),
        new("Q2_0", TensorType.Q2_0, TensorType.Q6_K, Embedding: TensorType.Q4_K),
    ];

    /// <exception cref="ArgumentException">There is no such type; the message lists all types.</exception>
    public static TypeMix Find(string name) => All.FirstOrDefault(mix => mix.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"no type '{name}'; use one of: {string.Join(", ", All.Select(mix => mix.Name))}", nameof(name));

    /// <summary>Gets the type of a layer's matrix, such as "ffn_down".</summary>
    public TensorType OfLayer(string matrix, int layer, ModelShape shape, int columns) =>
        Fit(Special?.Invoke(matrix, layer, shape) ?? Base, columns);

    /// <summary>Gets the types of the embedding and of a separate output matrix.</summary>
    public (TensorType Embedding, TensorType Output) OfEnds(bool tied, int columns)
    {
        TensorType output = Fits(Output, columns) ? Output : TensorType.Q8_0;
        return (tied ? output : Fit(Embedding ?? Base, columns), output);
    }

    /// <summary>Gets a type of more bits for the first and last eighth of the layers and every third between; null for others.</summary>
    private static TensorType? MoreBits(string matrix, int layer, ModelShape shape) => matrix is Value or Down
        && (layer < shape.Layers / 8 || layer >= 7 * shape.Layers / 8 || (layer - (shape.Layers / 8)) % 3 == 2) ? TensorType.Q6_K : null;

    private static TensorType? BetterNonLinear(string matrix, int layer, ModelShape shape) =>
        (matrix == Value && SharesValues(shape)) || IsEarlyDown(matrix, layer, shape) ? TensorType.Q5_K : null;

    /// <summary>Gets the rules that the types of about two bits or less share.</summary>
    /// <param name="better">The type of unshared values and of early feed-forward outputs.</param>
    /// <param name="attentionOutput">The type of attention outputs; the base where null.</param>
    private static Func<string, int, ModelShape, TensorType?> LowBits(TensorType better, TensorType? attentionOutput = null) =>
        (matrix, layer, shape) => matrix switch
        {
            Value => SharesValues(shape) ? TensorType.Q4_K : better,
            AttentionOutput => attentionOutput,
            _ => IsEarlyDown(matrix, layer, shape) ? better : null,
        };

    /// <summary>Gets whether four or more query heads share a value.</summary>
    private static bool SharesValues(ModelShape shape) => shape.Heads / shape.KvHeads >= 4;

    private static bool IsEarlyDown(string matrix, int layer, ModelShape shape) => matrix == Down && layer < shape.Layers / 8;

    private static bool Fits(TensorType type, int columns) => columns % type.GetBlockElements() == 0;

    /// <summary>Replaces a type whose blocks do not divide the rows by a type with blocks of 32.</summary>
    /// <remarks>llama.cpp refuses such rows for NVFP4 and Q1_0.</remarks>
    private static TensorType Fit(TensorType type, int columns) => Fits(type, columns) ? type : type switch
    {
        TensorType.Q2_K or TensorType.Q3_K or TensorType.TQ1_0 or TensorType.TQ2_0 or TensorType.Q1_0 or TensorType.Q2_0 => TensorType.Q4_0,
        TensorType.Q4_K => TensorType.Q5_0,
        TensorType.Q5_K => TensorType.Q5_1,
        TensorType.Q6_K => TensorType.Q8_0,
        TensorType.NVFP4 => TensorType.MXFP4,
        _ => TensorType.IQ4_NL,
    };
}
