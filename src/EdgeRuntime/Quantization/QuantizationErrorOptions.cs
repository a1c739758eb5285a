using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Quantization;

/// <summary>Specifies what a <see cref="QuantizationErrorReport"/> measures.</summary>
public sealed record QuantizationErrorOptions
{
    /// <summary>The default of <see cref="MaxWeights"/>: 4,194,304 weights.</summary>
    public const long DefaultMaxWeights = 1 << 22;

    /// <summary>Gets the tensor types to measure; by default all that have a quantizer and fewer bits than F16.</summary>
    public IReadOnlyList<TensorType> Types { get; init; } =
        [.. QuantizationMix.TensorTypes.Where(static type => TensorTypes.Find(type)!.BitsPerWeight < 16)];

    /// <summary>Gets the numbers of bits, 2 to 8, that plain rounding is measured with; 4 and 8 by default.</summary>
    public IReadOnlyList<int> Bits
    {
        get;
        init => field = OptionCheck.Require(value, value.All(static bits => bits is >= 2 and <= 8), "2 to 8 bits");
    } = [4, 8];

    /// <summary>Gets the number of neighboring weights of a row that share a scale in plain rounding per group; 32 by default.</summary>
    public int GroupSize { get; init => field = OptionCheck.Require(value, value >= 1, "at least 1"); } = 32;

    /// <summary>
    /// Gets the importance matrix of the model, which weights the squared errors of the columns; null, the default, to count all columns
    /// alike.
    /// </summary>
    public ImportanceMatrix? Importance { get; init; }

    /// <summary>
    /// Gets the number of weights of a tensor above which only a sample is measured: rows at even distances. 0 stands for no limit.
    /// </summary>
    public long MaxWeights { get; init => field = OptionCheck.Require(value, value >= 0, "at least 0"); } = DefaultMaxWeights;

    /// <summary>Gets the number of threads, at least 1. The default is one per physical core. The result does not depend on it.</summary>
    public int Threads { get; init => field = OptionCheck.Require(value, value >= 1, "at least 1"); } = ProcessorTopology.PhysicalCores;
}
