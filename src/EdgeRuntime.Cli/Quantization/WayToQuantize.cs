using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using EdgeRuntime.Quantization;

namespace EdgeRuntime.Cli.Quantization;

/// <summary>The cost of a way to quantize: a tensor type, or a scheme of plain rounding.</summary>
/// <param name="Name">The short name, such as <c>Q4_K</c> or <c>4b row asym</c>.</param>
/// <param name="Scheme">The scheme of plain rounding; null for a tensor type.</param>
/// <param name="BitsPerWeight">The number of bits per weight, scales included.</param>
/// <param name="RelativeError">The root mean square of the errors relative to that of the weights.</param>
internal sealed record WayToQuantize(string Name, QuantizationScheme? Scheme, double BitsPerWeight, double RelativeError)
{
    /// <summary>Gets the costs of the ways of a tensor.</summary>
    public static IEnumerable<WayToQuantize> Of(TensorErrorReport tensor) =>
    [
        .. tensor.Types.Select(static type => new WayToQuantize(type.Type.ToString(), null, type.BitsPerWeight, type.RelativeError)),
        .. tensor.Schemes.Select(static error =>
            new WayToQuantize(NameOf(error.Scheme), error.Scheme, error.BitsPerWeight, error.RelativeError)),
    ];

    /// <summary>
    /// Gets the costs for all tensors together, of the ways that all of them have. The error is the root mean square of their relative
    /// errors, in which every weight of the model counts the same.
    /// </summary>
    public static IReadOnlyList<WayToQuantize> OfAll(IReadOnlyList<TensorErrorReport> tensors)
    {
        double weights = tensors.Sum(static tensor => (double)tensor.Weights);
        return
        [
            .. tensors.SelectMany(static tensor => Of(tensor).Select(way => (Way: way, Share: (double)tensor.Weights)))
                .GroupBy(static item => item.Way.Name)
                .Where(group => group.Count() == tensors.Count)
                .Select(group => group.First().Way with
                {
                    BitsPerWeight = group.Sum(item => item.Share / weights * item.Way.BitsPerWeight),
                    RelativeError = Math.Sqrt(group.Sum(item => item.Share / weights * item.Way.RelativeError * item.Way.RelativeError)),
                }),
        ];
    }

    /// <summary>Gets the names of the ways that at least one tensor has: types with the most bits first, then plain rounding.</summary>
    public static IReadOnlyList<string> NamesOf(IReadOnlyList<TensorErrorReport> tensors) =>
    [
        .. tensors.SelectMany(Of).DistinctBy(static way => way.Name).OrderBy(static way => way.Scheme is null ? -way.BitsPerWeight : 0)
            .Select(static way => way.Name),
    ];

    private static string NameOf(QuantizationScheme scheme) => string.Create(
        CultureInfo.InvariantCulture,
        $"{scheme.Bits}b {scheme.Granularity.ToString().ToLowerInvariant()} {(scheme.IsSymmetric ? "sym" : "asym")}");
}
