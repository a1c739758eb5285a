using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization.Search;

/// <summary>A tensor whose type a search chooses, and the types that it may get.</summary>
internal sealed class TensorCandidates
{
    /// <summary>The bits per weight of the types that are measured of each tensor; the others are estimated from them.</summary>
    private static readonly double[] s_anchorBits = [2.3, 3.4, 4.5];

    /// <param name="tensor">The tensor.</param>
    /// <param name="importance">The importance of its columns, or nothing.</param>
    public TensorCandidates(GgufTensor tensor, ReadOnlyMemory<float> importance)
    {
        Tensor = tensor;
        Importance = importance;
        Types = [.. QuantizationMix.TensorTypes.Where(IsPossible).OrderBy(BytesOf)];
    }

    public GgufTensor Tensor { get; }

    public ReadOnlyMemory<float> Importance { get; }

    public string Name => Tensor.Name;

    public long Weights => Tensor.Rows * Tensor.Columns;

    /// <summary>Gets the types, the smallest first, without the present one.</summary>
    public TensorType[] Types { get; private set; }

    /// <summary>Gets the largest type that is quantized, or F16 if no other divides the rows into blocks.</summary>
    public TensorType LargestQuantized => Types.Any(IsQuantized) ? Types.Last(IsQuantized) : Types[^1];

    /// <summary>Gets the types to measure before others are estimated.</summary>
    public IEnumerable<TensorType> Anchors =>
        s_anchorBits.Select(bits => Types.MinBy(type => Math.Abs(BitsOf(type) - bits))).Distinct();

    /// <summary>Gets whether products with a type round the activations.</summary>
    public static bool IsQuantized(TensorType type) => type.GetBlockElements() > 1;

    /// <summary>Gets the number of bytes of the tensor in a type.</summary>
    public long BytesOf(TensorType type) => type == Tensor.Type
        ? Tensor.ByteLength
        : Tensor.Columns / type.GetBlockElements() * type.GetBlockBytes() * Tensor.Rows;

    /// <summary>Removes types whose speed is not known.</summary>
    /// <exception cref="ArgumentException">No other types are left.</exception>
    public void RemoveUnknown(DeviceProfile device)
    {
        Types = [.. Types.Where(device.SecondsPerToken.ContainsKey)];
        if (Types.Length == 0)
        {
            throw new ArgumentException($"the device profile lacks the speeds of all types that '{Name}' could get; measure it again");
        }
    }

    /// <summary>Removes types that are no better than others that cost no more.</summary>
    /// <param name="costOf">Gets the cost of a type.</param>
    /// <param name="errorOf">Gets the error of a type.</param>
    public void RemoveWorse(Func<TensorType, long> costOf, Func<TensorType, double> errorOf)
    {
        bool IsWorse(TensorType type) => Types.Any(other => other != type
            && (costOf(other), errorOf(other)).CompareTo((costOf(type), errorOf(type))) < 0
            && costOf(other) <= costOf(type) && errorOf(other) <= errorOf(type));
        Types = [.. Types.Where(type => !IsWorse(type))];
    }

    private double BitsOf(TensorType type) => 8.0 * BytesOf(type) / Weights;

    /// <summary>Gets whether a type makes the tensor smaller and can be made from what is known of it.</summary>
    private bool IsPossible(TensorType type)
    {
        if (type is TensorType.F32 or TensorType.BF16 || !TypeChooser.Fits(type, Tensor.Columns)
            || BytesOf(type) >= Tensor.ByteLength)
        {
            return false;
        }

        bool mayBeCoarse = TensorRoles.Of(Tensor.Name) is not (TensorRole.Embedding or TensorRole.Output);
        bool needsImportance = TensorFormats.Get(type).RequiresImportance
            || (mayBeCoarse && QuantizationMix.MostlyOf([type]).RequiresImportanceFor(type));
        return !needsImportance || !Importance.IsEmpty;
    }
}
