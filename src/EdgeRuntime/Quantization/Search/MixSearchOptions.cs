using EdgeRuntime.Threading;

namespace EdgeRuntime.Quantization.Search;

/// <summary>Specifies how <see cref="MixSearch"/> measures and chooses.</summary>
public sealed record MixSearchOptions
{
    /// <summary>Gets the importance matrix of the model; null, the default, to treat all columns of a matrix alike.</summary>
    public ImportanceMatrix? Importance { get; init; }

    /// <summary>
    /// Gets the path of a JSON file that keeps the measurements, so that an interrupted search goes on and a search with another budget
    /// does not measure again; null, the default, to keep none. The file belongs to one model, text and importance matrix.
    /// </summary>
    public string? MeasurementsFile { get; init; }

    /// <summary>
    /// Gets the speeds of the machine that a limit on the speed is for; null, the default, to measure this machine. Types that the profile
    /// lacks are not chosen.
    /// </summary>
    public DeviceProfile? Device { get; init; }

    /// <summary>Gets the number of threads, at least 1. The default is one per physical core. Only speeds depend on it.</summary>
    public int Threads { get; init => field = OptionCheck.Require(value, value >= 1, "at least 1"); } = ProcessorTopology.PhysicalCores;
}
