using System;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Quantization;

namespace EdgeRuntime.Cli.Bench.Plan;

/// <summary>The facts about a model file that reports show.</summary>
/// <param name="Path">The path as the user named it.</param>
/// <param name="Description">Architecture, size and type: <c>llama 135M Q4_1</c>.</param>
/// <param name="Type">The file's type, or its most common tensor type if the metadata has none.</param>
/// <param name="TensorBytes">Bytes of all tensors.</param>
/// <param name="Parameters">Weights of all tensors.</param>
/// <param name="ReadShare">The share of these bytes that a token reads, which uses a few of the experts.</param>
/// <param name="LayerMacs">Multiply-adds per token in all layers' matrices that it uses, without attention.</param>
/// <param name="OutputMacs">Multiply-adds for the logits of a position.</param>
/// <param name="HasLogits">Whether the model has logits; one without them makes embeddings.</param>
internal sealed record ModelCard(
    string Path, string Description, string Type, long TensorBytes, double ReadShare, long Parameters, long LayerMacs, long OutputMacs,
    bool HasLogits)
{
    public string FileName => System.IO.Path.GetFileName(Path);

    /// <summary>Reads metadata and the list of tensors.</summary>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    public static ModelCard Read(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        GgufTensor[] matrices = [.. file.Tensors.Where(tensor => tensor.Rows > 1)];
        long parameters = file.Tensors.Sum(tensor => tensor.Rows * tensor.Columns);
        GgufTensor? output = matrices.FirstOrDefault(tensor => tensor.Name == "output.weight")
            ?? matrices.FirstOrDefault(tensor => tensor.Name == "token_embd.weight");
        string type = QuantizationMix.Find(file.Metadata.GetInt32("general.file_type", -1))?.Name ?? MostCommonType(matrices).ToString();
        long tensorBytes = file.Tensors.Sum(tensor => tensor.ByteLength);
        double usedExperts = UsedExperts(file.Metadata);
        double UsedPart(GgufTensor tensor) => tensor.Name.Contains("_exps.", StringComparison.Ordinal) ? usedExperts : 1;
        return new ModelCard(
            path,
            $"{file.Metadata.GetString("general.architecture", "?")} {SizeText(parameters)} {type}",
            type,
            tensorBytes,
            file.Tensors.Sum(tensor => tensor.ByteLength * UsedPart(tensor)) / Math.Max(tensorBytes, 1),
            parameters,
            (long)matrices.Where(tensor => tensor.Name.StartsWith("blk.", StringComparison.Ordinal))
                .Sum(tensor => tensor.Rows * tensor.Columns * UsedPart(tensor)),
            output is null ? 0 : output.Rows * output.Columns,
            ModelInspection.Inspect(file).HasLogits ?? true);
    }

    /// <summary>Gets the share of the experts that a token uses, or 1.</summary>
    private static double UsedExperts(GgufMetadata metadata)
    {
        string prefix = metadata.GetString("general.architecture", "?");
        double count = MeanOfLayers(metadata, $"{prefix}.expert_count");
        double used = MeanOfLayers(metadata, $"{prefix}.expert_used_count");
        return count > 0 && used > 0 ? Math.Min(used / count, 1) : 1;
    }

    /// <summary>Gets a number, or the mean of those of the layers that have one; 0 if the file has none.</summary>
    private static double MeanOfLayers(GgufMetadata metadata, string key)
    {
        if (!metadata.TryGetValue(key, out object? value) || value is not Array)
        {
            return metadata.GetInt32(key, 0);
        }

        return metadata.GetInt32s(key).ToArray().Where(static number => number > 0).DefaultIfEmpty(0).Average();
    }

    private static TensorType MostCommonType(GgufTensor[] matrices) =>
        matrices.GroupBy(tensor => tensor.Type)
            .OrderByDescending(group => group.Sum(tensor => tensor.ByteLength))
            .Select(group => group.Key)
            .FirstOrDefault();

    private static string SizeText(long parameters) => parameters switch
    {
        >= 1_000_000_000 => FormattableString.Invariant($"{parameters / 1e9:F2}B"),
        >= 1_000_000 => FormattableString.Invariant($"{parameters / 1e6:F0}M"),
        _ => FormattableString.Invariant($"{parameters / 1e3:F0}K"),
    };
}
