using System;
using System.Runtime.CompilerServices;
using EdgeRuntime.Cpu;
using EdgeRuntime.Kernels;
using EdgeRuntime.Threading;
using EdgeRuntime.Tuning;
using Microsoft.Extensions.Logging;

namespace EdgeRuntime;

/// <summary>
/// The settings that a model computes with. Options take precedence over the environment, then a tuning profile, then the defaults of the
/// machine.
/// </summary>
/// <param name="Prefill">The instruction set for several tokens at once.</param>
/// <param name="Decode">The instruction set for products of a single token.</param>
/// <param name="Threads">The number of threads.</param>
/// <param name="WantedThreads">The requested number of threads, which may exceed the number of processors.</param>
internal sealed record ComputeSettings(InstructionSet Prefill, InstructionSet Decode, int Threads, int WantedThreads)
{
    /// <exception cref="ArgumentException">
    /// The options or the environment name an instruction set that is unknown or missing on this machine.
    /// </exception>
    public static ComputeSettings Resolve(ModelOptions options, TuningChoice? tuned)
    {
        InstructionSet? named = options.InstructionSet is { } name ? InstructionSet.Parse(name)
            : tuned is null || Environment.GetEnvironmentVariable(InstructionSet.EnvironmentVariable) is { Length: > 0 }
                ? InstructionSet.Default
            : null;
        InstructionSet decode = options.DecodeInstructionSet is { } decodeName ? InstructionSet.Parse(decodeName)
            : named ?? InstructionSet.Parse(tuned!.DecodeInstructionSet);
        int threads = options.Threads ?? tuned?.Threads ?? ProcessorTopology.PhysicalCores;
        InstructionSet prefill = named ?? InstructionSet.Parse(tuned!.PrefillInstructionSet);
        return new ComputeSettings(prefill, decode, Math.Min(threads, options.Processors), threads);
    }

    /// <summary>Gets the settings of the CPU engine with these options. Logs a warning if fewer threads are used than requested.</summary>
    public CpuSettings ToCpuSettings(ModelOptions options, ILogger logger)
    {
        WarnOfBound(logger);
        WarnOfScalarCode(options, logger);
        return new CpuSettings(Prefill, Decode, Threads)
        {
            Exact = options.Exact,
            PackedCache = options.PackedCache,
            QuickStartBytes = options.QuickStart ? options.QuickStartBytes : null,
            Logger = logger,
        };
    }

    /// <summary>Logs a warning if scalar code runs that nobody chose, on a processor with vectors.</summary>
    private void WarnOfScalarCode(ModelOptions options, ILogger logger)
    {
        bool isChosen = options.InstructionSet is not null
            || Environment.GetEnvironmentVariable(InstructionSet.EnvironmentVariable) is { Length: > 0 };
        if (Prefill == InstructionSet.All[^1] && !isChosen && DisabledInstructions.IncludeAvx2)
        {
            ModelLog.ScalarCode(logger, RuntimeFeature.IsDynamicCodeCompiled
                ? "a variable such as DOTNET_EnableAVX2 tells .NET not to use them"
                : "the program was compiled ahead of time without them; publish it with -p:IlcInstructionSet=x86-64-v3");
        }
    }

    /// <summary>Logs a warning if fewer threads are used than requested.</summary>
    public void WarnOfBound(ILogger logger)
    {
        if (Threads < WantedThreads)
        {
            ModelLog.ThreadsBounded(logger, WantedThreads, Threads);
        }
    }
}
