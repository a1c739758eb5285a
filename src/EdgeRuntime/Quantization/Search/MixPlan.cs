using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using EdgeRuntime.Files;
using EdgeRuntime.Formats;
using EdgeRuntime.Json;

namespace EdgeRuntime.Quantization.Search;

/// <summary>Represents a tensor of a <see cref="MixPlan"/>.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">The chosen type.</param>
/// <param name="Weights">The number of weights.</param>
/// <param name="Bytes">The number of bytes in that type.</param>
/// <param name="Divergence">The predicted share of the divergence, in nats.</param>
public sealed record MixPlanTensor(string Name, TensorType Type, long Weights, long Bytes, double Divergence);

/// <summary>Represents a point of the curve of size against quality.</summary>
/// <param name="BitsPerWeight">The mean number of bits for each weight of the model.</param>
/// <param name="Divergence">The predicted divergence of the best mix of that size, in nats.</param>
public readonly record struct MixPoint(double BitsPerWeight, double Divergence);

/// <summary>Represents the mix of tensor types that <see cref="MixSearch"/> found, and what it is expected to lose.</summary>
public sealed class MixPlan
{
    private const int MaxFileBytes = 16 << 20;
    private const string Expected = "a plan by MixSearch.Run";

    internal static readonly JsonWriterOptions JsonOptions = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    internal MixPlan(IReadOnlyList<MixPlanTensor> tensors) => Tensors = tensors;

    /// <summary>Gets the tensors whose types were chosen, in the order of the model.</summary>
    public IReadOnlyList<MixPlanTensor> Tensors { get; }

    /// <summary>Gets the chosen types by the names of the tensors, for <see cref="QuantizationOptions.NamedTypes"/>.</summary>
    public IReadOnlyDictionary<string, TensorType> Types => Tensors.ToDictionary(
        static tensor => tensor.Name, static tensor => tensor.Type, StringComparer.Ordinal);

    /// <summary>Gets the mean number of bits for each weight of the model, tensors that keep their types included.</summary>
    public double BitsPerWeight { get; init; }

    /// <summary>Gets the sum of the divergences of the tensors, in nats.</summary>
    public double PredictedDivergence => Tensors.Sum(static tensor => tensor.Divergence);

    /// <summary>Gets the measured mean Kullback-Leibler divergence of the model from the mix on the text, in nats.</summary>
    public double MeasuredDivergence { get; init; }

    /// <summary>Gets the predicted number of decoded tokens per second; null unless the budget limits it.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>Gets the speeds of types behind that prediction; null unless the budget limits the speed.</summary>
    public DeviceProfile? Device { get; init; }

    /// <summary>Gets the best predicted divergence at sizes from the smallest mix to that with the largest quantized types.</summary>
    public IReadOnlyList<MixPoint> Curve { get; init; } = [];

    /// <summary>Writes the plan to a JSON file, which people may edit.</summary>
    /// <param name="path">The path of the file, which is replaced.</param>
    /// <exception cref="IOException">The file can't be written; an old file is unchanged.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var file = FileReplacement.OfUser(path);
        using (var json = new Utf8JsonWriter(file, JsonOptions))
        {
            Write(json);
        }

        file.Commit();
    }

    /// <summary>Reads the types of a file that <see cref="Save"/> has written or somebody has edited.</summary>
    /// <param name="path">The path of the file.</param>
    /// <returns>The types by the names of the tensors, for <see cref="QuantizationOptions.NamedTypes"/>.</returns>
    /// <exception cref="ModelFormatException">The file is not a plan, or a type is unknown.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public static IReadOnlyDictionary<string, TensorType> LoadTypes(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var types = new Dictionary<string, TensorType>(StringComparer.Ordinal);
        foreach ((string name, JsonField type) in JsonField.Read(path, MaxFileBytes, Expected)["tensors"].Members())
        {
            types[name] = ParseType(type.GetText())
                ?? throw type.Wrong("one of " + string.Join(", ", QuantizationMix.TensorTypes));
        }

        return types.Count > 0 ? types : throw new ModelFormatException(path, -1, $"has no 'tensors'; expected {Expected}");
    }

    /// <summary>Gets the plan with a measured speed.</summary>
    internal MixPlan WithSpeed(double tokensPerSecond, DeviceProfile device) => new(Tensors)
    {
        BitsPerWeight = BitsPerWeight,
        MeasuredDivergence = MeasuredDivergence,
        TokensPerSecond = tokensPerSecond,
        Device = device,
        Curve = Curve,
    };

    /// <summary>Finds a type that tensors can be quantized to, or one that they keep, by its name.</summary>
    internal static TensorType? ParseType(string name) => TensorFormats.All.Select(static format => (TensorType?)format.Type)
        .FirstOrDefault(type => type.ToString()!.Equals(name, StringComparison.OrdinalIgnoreCase));

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("bits_per_weight", BitsPerWeight);
        json.WriteNumber("predicted_divergence", PredictedDivergence);
        json.WriteNumber("measured_divergence", MeasuredDivergence);
        if (TokensPerSecond is { } speed)
        {
            json.WriteNumber("predicted_tokens_per_second", speed);
        }

        json.WriteStartObject("tensors");
        foreach (MixPlanTensor tensor in Tensors)
        {
            json.WriteString(tensor.Name, tensor.Type.ToString());
        }

        json.WriteEndObject();
        json.WriteStartObject("divergences");
        foreach (MixPlanTensor tensor in Tensors)
        {
            json.WriteNumber(tensor.Name, tensor.Divergence);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
