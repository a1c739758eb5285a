using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Kernels.Arm;
using EdgeRuntime.Kernels.Gemm;
using EdgeRuntime.Kernels.Gemv;
using EdgeRuntime.Kernels.Scalar;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Kernels.X86;

namespace EdgeRuntime.Kernels;

/// <summary>
/// A named choice of kernels. One instance for each, in the order of preference in <see cref="All"/>. Every one gives the same
/// results to the bit; they differ in speed alone.
/// </summary>
public sealed class InstructionSet
{
    /// <summary>The environment variable that names the instruction set to use.</summary>
    public const string EnvironmentVariable = "EDGERUNTIME_ISA";

    private InstructionSet(string name, bool isSupported, PanelKernels kernels)
    {
        Name = name;
        IsSupported = isSupported;
        Kernels = kernels;
    }

    /// <summary>"avx512-vnni", "avx512", "avx-vnni", "avx2", "neon-dot", "neon", "scalar".</summary>
    public string Name { get; }

    /// <summary>Whether this machine has it.</summary>
    public bool IsSupported { get; }

    /// <summary>Every instruction set, best first; the last, "scalar", is supported everywhere.</summary>
    public static IReadOnlyList<InstructionSet> All { get; } =
    [
        new("avx512-vnni", Avx512VnniTile.IsSupported,
            new VectorPanelKernels<Avx512Isa, Vector512<int>, Avx512VnniGemv, Avx512VnniTile, Vector512Block, Lanes512>(
                Avx512VnniTile.TileTokens, Avx512VnniTile.TilePanels)),
        new("avx512", Avx512BW.IsSupported,
            new VectorPanelKernels<Avx512Isa, Vector512<int>, PanelGemv<Avx512Isa, Vector512<int>>, PanelTile<Avx512Isa, Vector512<int>>, Vector512Block, Lanes512>(Avx512Isa.TileTokens)),
        new("avx-vnni", AvxVnni.IsSupported,
            new VectorPanelKernels<AvxVnniIsa, Vector256<int>, PanelGemv<AvxVnniIsa, Vector256<int>>, PanelTile<AvxVnniIsa, Vector256<int>>, Vector128Block, Lanes256>(AvxVnniIsa.TileTokens)),
        new("avx2", Avx2.IsSupported && Fma.IsSupported,
            new VectorPanelKernels<Avx2Isa, Vector256<int>, PanelGemv<Avx2Isa, Vector256<int>>, PanelTile<Avx2Isa, Vector256<int>>, Vector128Block, Lanes256>(Avx2Isa.TileTokens)),
        new("neon-dot", Dp.IsSupported,
            new VectorPanelKernels<NeonDotIsa, Vector128<int>, PanelGemv<NeonDotIsa, Vector128<int>>, PanelTile<NeonDotIsa, Vector128<int>>, Vector128Block, Lanes128>(NeonDotIsa.TileTokens)),
        new("neon", AdvSimd.Arm64.IsSupported,
            new VectorPanelKernels<NeonIsa, Vector128<int>, PanelGemv<NeonIsa, Vector128<int>>, PanelTile<NeonIsa, Vector128<int>>, Vector128Block, Lanes128>(NeonIsa.TileTokens)),
        new("scalar", isSupported: true, new ScalarKernels()),
    ];

    /// <summary>The best that this machine has, or the one that the environment variable EDGERUNTIME_ISA names.</summary>
    /// <exception cref="ArgumentException">The environment variable names none, or one that this machine lacks.</exception>
    public static InstructionSet Default =>
        Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } name ? Parse(name) : All.First(set => set.IsSupported);

    /// <summary>The code behind the name.</summary>
    internal PanelKernels Kernels { get; }

    /// <summary>The instruction set of that name.</summary>
    /// <exception cref="ArgumentException">No such name, or not on this machine; the message lists those that are.</exception>
    public static InstructionSet Parse(string name)
    {
        InstructionSet? found = All.FirstOrDefault(set => string.Equals(set.Name, name, StringComparison.OrdinalIgnoreCase));
        if (found is { IsSupported: true })
        {
            return found;
        }

        string problem = found is null ? "is unknown" : "is not on this machine";
        string supported = string.Join(", ", All.Where(set => set.IsSupported).Select(set => set.Name));
        throw new ArgumentException($"instruction set '{name}' {problem}; use one of: {supported}");
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
