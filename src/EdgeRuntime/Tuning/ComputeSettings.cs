using System;
using EdgeRuntime.Kernels;
using EdgeRuntime.Threading;
using Microsoft.Extensions.Logging;

namespace EdgeRuntime.Tuning;

/// <summary>What a model computes with. Options win over the environment, that over a tuning profile, that over the machine's defaults.</summary>
/// <param name="Prefill">Instruction set for several tokens at once.</param>
/// <param name="Decode">Instruction set whose kernels multiply a single token.</param>
/// <param name="Threads">Threads that compute.</param>
/// <param name="WantedThreads">Threads that were asked for: more where the processors are fewer.</param>
internal sealed record ComputeSettings(InstructionSet Prefill, InstructionSet Decode, int Threads, int WantedThreads)
{
    /// <exception cref="ArgumentException">The options or the environment name an instruction set that is unknown or not on this machine.</exception>
    public static ComputeSettings Resolve(ModelOptions options, TuningChoice? tuned)
    {
        InstructionSet? named = options.InstructionSet is { } name ? InstructionSet.Parse(name)
            : tuned is null || Environment.GetEnvironmentVariable(InstructionSet.EnvironmentVariable) is { Length: > 0 } ? InstructionSet.Default
            : null;
        InstructionSet decode = options.DecodeInstructionSet is { } decodeName ? InstructionSet.Parse(decodeName)
            : named ?? InstructionSet.Parse(tuned!.DecodeInstructionSet);
        int threads = options.Threads ?? tuned?.Threads ?? ProcessorTopology.PhysicalCores;
        InstructionSet prefill = named ?? InstructionSet.Parse(tuned!.PrefillInstructionSet);
        return new ComputeSettings(prefill, decode, Math.Min(threads, options.Processors), threads);
    }

    /// <summary>Says where fewer threads compute than were asked for.</summary>
    public void WarnOfBound(ILogger logger)
    {
        if (Threads < WantedThreads)
        {
            Log.ThreadsBounded(logger, WantedThreads, Threads);
        }
    }
}
