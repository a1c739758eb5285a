using Microsoft.Extensions.Logging;

namespace EdgeRuntime;

/// <summary>How a model is loaded.</summary>
public sealed record ModelOptions
{
    /// <summary>Threads that compute, the caller included; null for one a physical core.</summary>
    public int? Threads { get; init; }

    /// <summary>Name of an instruction set ("avx2", "scalar" ...); null for the best of this machine or EDGERUNTIME_ISA.</summary>
    public string? InstructionSet { get; init; }

    /// <summary>Expands all weights to float32 and keeps activations in float32: the truth that fast paths are compared with.</summary>
    public bool Exact { get; init; }

    /// <summary>Receives events of loading and sessions; null for none.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }
}
