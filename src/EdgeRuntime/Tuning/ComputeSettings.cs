using System;
using EdgeRuntime.Kernels;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Tuning;

/// <summary>What a model computes with. Options win over the environment, that over a tuning profile, that over the machine's defaults.</summary>
/// <param name="Prefill">Instruction set for several tokens at once.</param>
/// <param name="Decode">Instruction set whose kernels multiply a single token.</param>
/// <param name="Threads">Threads that compute.</param>
internal sealed record ComputeSettings(InstructionSet Prefill, InstructionSet Decode, int Threads)
{
    /// <exception cref="ArgumentException">The options or the environment name an instruction set that is unknown or not on this machine.</exception>
    public static ComputeSettings Resolve(ModelOptions options, TuningChoice? tuned)
    {
        InstructionSet? named = options.InstructionSet is { } name ? InstructionSet.Parse(name)
            : tuned is null || Environment.GetEnvironmentVariable(InstructionSet.EnvironmentVariable) is { Length: > 0 } ? InstructionSet.Default
            : null;
        InstructionSet decode = options.DecodeInstructionSet is { } decodeName ? InstructionSet.Parse(decodeName)
            : named ?? InstructionSet.Parse(tuned!.DecodeInstructionSet);
        return new ComputeSettings(
            named ?? InstructionSet.Parse(tuned!.PrefillInstructionSet), decode, options.Threads ?? tuned?.Threads ?? ProcessorTopology.PhysicalCores);
    }
}
