using System;
using System.Collections.Generic;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization;

/// <summary>The error of a tensor in a tensor type.</summary>
/// <param name="Type">The type.</param>
/// <param name="BitsPerWeight">The number of bits per weight, scales included.</param>
/// <param name="RelativeError">
/// The root mean square of the errors relative to that of the weights, both weighted by the importance if there is one: 0 for no error.
/// </param>
public readonly record struct TypeError(TensorType Type, double BitsPerWeight, double RelativeError);

/// <summary>The error of a tensor after plain rounding.</summary>
/// <param name="Scheme">The scheme.</param>
/// <param name="BitsPerWeight">The number of bits per weight, scales included.</param>
/// <param name="RelativeError">
/// The root mean square of the errors relative to that of the weights, both weighted by the importance if there is one: 0 for no error.
/// </param>
public readonly record struct SchemeError(QuantizationScheme Scheme, double BitsPerWeight, double RelativeError);

/// <summary>Describes the weights of a tensor, and what each way to quantize them costs.</summary>
public sealed class TensorErrorReport
{
    /// <summary>The distance from the mean, in standard deviations, from which a weight counts as an outlier: 4.</summary>
    public const int OutlierDeviations = 4;

    private readonly long[] _dimensions;

    internal TensorErrorReport(GgufTensor tensor, long measuredRows, bool hasImportance)
    {
        Name = tensor.Name;
        Type = tensor.Type;
        _dimensions = tensor.UsedDimensions.ToArray();
        Rows = tensor.Rows;
        Weights = tensor.Rows * tensor.Columns;
        MeasuredRows = measuredRows;
        HasImportance = hasImportance;
    }

    /// <summary>Gets the name.</summary>
    public string Name { get; }

    /// <summary>Gets the type in the file. The errors do not include those of this type.</summary>
    public TensorType Type { get; }

    /// <summary>Gets the dimensions, innermost first, without those of size 1 at the end.</summary>
    public ReadOnlySpan<long> Dimensions => _dimensions;

    /// <summary>Gets the number of weights.</summary>
    public long Weights { get; }

    /// <summary>Gets the number of rows.</summary>
    public long Rows { get; }

    /// <summary>Gets the number of rows that all figures come from; fewer than <see cref="Rows"/> for a sample.</summary>
    public long MeasuredRows { get; }

    /// <summary>Gets whether the squared errors are weighted by an importance.</summary>
    public bool HasImportance { get; }

    /// <summary>Gets the least weight.</summary>
    public float Least { get; internal init; }

    /// <summary>Gets the greatest weight.</summary>
    public float Greatest { get; internal init; }

    /// <summary>Gets the mean of the weights.</summary>
    public double Mean { get; internal init; }

    /// <summary>Gets the standard deviation of the weights.</summary>
    public double Deviation { get; internal init; }

    /// <summary>
    /// Gets the excess kurtosis: 0 for a normal distribution, -1.2 for an even one, positive for one with many outliers. 0 if all weights
    /// are equal.
    /// </summary>
    public double Kurtosis { get; internal init; }

    /// <summary>
    /// Gets the share of weights, 0 to 1, that are more than <see cref="OutlierDeviations"/> standard deviations from the mean: 0.000063
    /// for a normal distribution.
    /// </summary>
    public double OutlierShare { get; internal init; }

    /// <summary>Gets the greatest distance of a weight from the mean, in standard deviations.</summary>
    public double LargestDeviation => Deviation > 0 ? Math.Max(Greatest - Mean, Mean - Least) / Deviation : 0;

    /// <summary>
    /// Gets the error in each type, without types whose blocks do not divide the rows, and without those that require an importance that
    /// the tensor does not have.
    /// </summary>
    public IReadOnlyList<TypeError> Types { get; internal init; } = [];

    /// <summary>Gets the error of plain rounding with each number of bits, granularity and symmetry.</summary>
    public IReadOnlyList<SchemeError> Schemes { get; internal init; } = [];
}
