using System;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization;

/// <summary>The facts about a model on which the types of its tensors depend.</summary>
/// <param name="Architecture">The value of <c>general.architecture</c>.</param>
/// <param name="Layers">The number of layers, including those that predict further tokens; 0 if the model has no layers.</param>
/// <param name="Heads">The number of query heads of the first layer; 0 if it has none.</param>
/// <param name="KvHeads">The number of KV heads of the first layer; 0 if it has none.</param>
/// <param name="Experts">The number of experts of a feed-forward; 0 for a dense model.</param>
public sealed record QuantizationModel(string Architecture, int Layers, int Heads, int KvHeads, int Experts = 0)
{
    private const int LayersOfA70B = 80;

    /// <summary>Gets the number of query heads that share a value; 0 if the model has no values.</summary>
    internal int HeadsPerValue => KvHeads == 0 ? 0 : Heads / KvHeads;

    internal bool IsFalcon => Architecture == "falcon";

    /// <summary>Gets whether llama.cpp counts the model among those of about 70 billion weights, whose values it gives more bits.</summary>
    internal bool Is70B => Architecture switch
    {
        "llama" => Layers == LayersOfA70B && Heads != KvHeads && Experts != 8,
        "qwen2" or "deci" or "olmo" => Layers == LayersOfA70B,
        "jais2" => Layers == 68,
        _ => false,
    };

    /// <summary>Reads the facts from the metadata of a file.</summary>
    /// <exception cref="ModelFormatException">The file has no architecture, or a value has another type.</exception>
    public static QuantizationModel Read(GgufMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        string architecture = metadata.GetString("general.architecture");
        int heads = First("attention.head_count", 0);
        return new QuantizationModel(
            architecture, First("block_count", 0), heads, First("attention.head_count_kv", heads), First("expert_count", 0));

        int First(string name, int missing)
        {
            string key = $"{architecture}.{name}";
            return metadata.GetShape(key) is { Type: GgufValueType.Array }
                ? metadata.GetInt32s(key) is { Length: > 0 } numbers ? numbers.Span[0] : missing
                : metadata.GetInt32(key, missing);
        }
    }
}
