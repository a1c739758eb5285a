using System;
using EdgeRuntime.Kernels;
using EdgeRuntime.Threading;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeRuntime.Cpu;

/// <summary>How the CPU engine loads a model and computes it.</summary>
/// <param name="Prefill">Instruction set for several tokens at once.</param>
/// <param name="Decode">Instruction set whose kernels multiply a single token.</param>
/// <param name="Threads">Threads that compute, the caller included.</param>
internal sealed record CpuSettings(InstructionSet Prefill, InstructionSet Decode, int Threads)
{
    /// <summary>The defaults of this machine: the best instruction set and one thread for each physical core.</summary>
    public static CpuSettings OfThisMachine => new(
        InstructionSet.Default, InstructionSet.Default, Math.Min(ProcessorTopology.PhysicalCores, Environment.ProcessorCount));

    /// <summary>Whether all weights are expanded to float32 and activations stay float32.</summary>
    public bool Exact { get; init; }

    /// <summary>The folder that keeps packed weights for the next start; null for none. Ignored with <see cref="Exact"/>.</summary>
    public string? PackedCache { get; init; }

    /// <summary>
    /// The bytes of weights from which on the first passes pack them; null: loading packs all weights. Ignored with <see cref="Exact"/>.
    /// </summary>
    public long? QuickStartBytes { get; init; }

    /// <summary>Receives the events of loading.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
