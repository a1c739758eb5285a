using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Kernels;
using EdgeRuntime.Threading;

namespace EdgeRuntime;

/// <summary>Describes the processor of this machine as models use it.</summary>
/// <example>
/// <code>
/// Console.WriteLine($"{ProcessorInfo.Name}: {ProcessorInfo.PhysicalCores} cores, {ProcessorInfo.GetInstructionSet()}");
/// </code>
/// </example>
public static class ProcessorInfo
{
    /// <summary>
    /// Gets the name of the processor with its family and model; on Arm under Linux the name of the board, elsewhere the architecture.
    /// </summary>
    public static string Name => ProcessorName.Current;

    /// <summary>
    /// Gets the number of physical cores that the process may use, at least 1. It is the default of <see cref="ModelOptions.Threads"/>.
    /// </summary>
    public static int PhysicalCores => ProcessorTopology.PhysicalCores;

    /// <summary>Gets the names of all instruction sets that have kernels, best first. The last one, "scalar", runs everywhere.</summary>
    public static IReadOnlyList<string> AllInstructionSets { get; } = [.. InstructionSet.All.Select(static set => set.Name)];

    /// <summary>
    /// Gets the names of the instruction sets that this program can use on this processor, best first. A program that was compiled ahead
    /// of time can use only those that it was compiled for.
    /// </summary>
    public static IReadOnlyList<string> InstructionSets { get; } =
        [.. InstructionSet.All.Where(static set => set.IsSupported).Select(static set => set.Name)];

    /// <summary>Gets the name of the instruction set that a model uses without a tuning profile.</summary>
    /// <param name="name">The value of <see cref="ModelOptions.InstructionSet"/>.</param>
    /// <returns>The name, or if it is null the one in the environment variable EDGERUNTIME_ISA, or the best of this machine.</returns>
    /// <exception cref="ArgumentException">The name or the environment variable names a set that is unknown or missing here.</exception>
    public static string GetInstructionSet(string? name = null) =>
        (name is null ? InstructionSet.Default : InstructionSet.Parse(name)).Name;
}
