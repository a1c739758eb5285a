using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Cli.Bench.Synthesis;

/// <summary>
/// Which tensor type each matrix of a file has. Source: llama.cpp v0.5.0, llama-quant.cpp, without an importance matrix.
/// </summary>
/// <param name="Name">As llama.cpp names the file type.</param>
/// <param name="Base">The type of most matrices.</param>
/// <param name="Output">The type of the output matrix, and of an embedding that is one.</param>
/// <param name="Better">The type of some attn_v and ffn_down matrices.</param>
/// <param name="IsBetter">Which: by the matrix's name, its layer and the model's shape.</param>
internal sealed record TypeMix(
    string Name, TensorType Base, TensorType Output, TensorType? Better = null, Func<string, int, ModelShape, bool>? IsBetter = null)
{
    private const string Value = "attn_v";
    private const string Down = "ffn_down";
    private const int SuperBlock = 256;

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
        new("Q4_K_S", TensorType.Q4_K, TensorType.Q6_K, TensorType.Q5_K,
            (matrix, layer, shape) => (matrix == Value && layer < 4) || (matrix == Down && layer < shape.Layers / 8)),
        new("Q4_K_M", TensorType.Q4_K, TensorType.Q6_K, TensorType.Q6_K, UseMoreBits),
        new("Q5_K_S", TensorType.Q5_K, TensorType.Q6_K),
        new("Q5_K_M", TensorType.Q5_K, TensorType.Q6_K, TensorType.Q6_K, UseMoreBits),
        new("Q6_K", TensorType.Q6_K, TensorType.Q6_K),
        new("IQ4_NL", TensorType.IQ4_NL, TensorType.Q6_K, TensorType.Q5_K, IsBetterNonLinear),
        new("IQ4_XS", TensorType.IQ4_XS, TensorType.Q6_K, TensorType.Q5_K, IsBetterNonLinear),
    ];

    /// <exception cref="ArgumentException">No such type; the message lists those that are.</exception>
    public static TypeMix Find(string name) => All.FirstOrDefault(mix => mix.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"no type '{name}'; use one of: {string.Join(", ", All.Select(mix => mix.Name))}", nameof(name));

    /// <summary>The type of a layer's matrix, such as "ffn_down".</summary>
    public TensorType OfLayer(string matrix, int layer, ModelShape shape, int columns) =>
        Fit(IsBetter is not null && IsBetter(matrix, layer, shape) ? Better!.Value : Base, columns);

    /// <summary>The type of the embedding, and of the output matrix where it is another one.</summary>
    public (TensorType Embedding, TensorType Output) OfEnds(bool tied, int columns) =>
        (Fit(tied ? Output : Base, columns), Fit(Output, columns));

    /// <summary>The first and last eighth of the layers, and every third between.</summary>
    private static bool UseMoreBits(string matrix, int layer, ModelShape shape) => matrix is Value or Down
        && (layer < shape.Layers / 8 || layer >= 7 * shape.Layers / 8 || (layer - (shape.Layers / 8)) % 3 == 2);

    /// <summary>Values that four or more query heads share, and the first eighth of the layers.</summary>
    private static bool IsBetterNonLinear(string matrix, int layer, ModelShape shape) =>
        (matrix == Value && shape.Heads / shape.KvHeads >= 4) || (matrix == Down && layer < shape.Layers / 8);

    /// <summary>A row that is no multiple of 256 can't have a type of such blocks and gets the next larger one of blocks of 32.</summary>
    private static TensorType Fit(TensorType type, int columns) => columns % SuperBlock == 0 ? type : type switch
    {
        TensorType.Q4_K => TensorType.Q5_0,
        TensorType.Q5_K => TensorType.Q5_1,
        TensorType.Q6_K => TensorType.Q8_0,
        TensorType.IQ4_XS => TensorType.IQ4_NL,
        _ => type,
    };
}
