using System;
using System.Collections.Generic;

namespace EdgeRuntime.Kernels;

/// <summary>
/// A named choice of kernels. One instance for each, in the order of preference in <see cref="All"/>.
/// </summary>
public sealed class InstructionSet
{
    private InstructionSet(string name, bool isSupported)
    {
        Name = name;
        IsSupported = isSupported;
    }

    /// <summary>"avx512-vnni", "avx512", "avx-vnni", "avx2", "neon-dot", "neon", "scalar".</summary>
    public string Name { get; }

    /// <summary>Whether this machine has it.</summary>
    public bool IsSupported { get; }

    /// <summary>Every instruction set, best first; the last, "scalar", is supported everywhere.</summary>
    public static IReadOnlyList<InstructionSet> All { get; } = [new("scalar", isSupported: true)];

    /// <summary>The best that this machine has, or the one that the environment variable EDGERUNTIME_ISA names.</summary>
    public static InstructionSet Default => All[^1];

    /// <summary>The instruction set of that name.</summary>
    /// <exception cref="ArgumentException">No such name, or not on this machine; the message lists those that are.</exception>
    public static InstructionSet Parse(string name) => throw new NotImplementedException(name);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
