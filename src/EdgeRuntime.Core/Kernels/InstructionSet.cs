using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Arm;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Emit;
using EdgeRuntime.Kernels.Gemm;
using EdgeRuntime.Kernels.Gemv;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Scalar;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Kernels.X86;

namespace EdgeRuntime.Kernels;

/// <summary>
/// A named choice of kernels. One instance for each, in the order of preference in <see cref="All"/>. Every one gives the same
/// results to the bit; they differ in speed alone.
/// </summary>
internal sealed unsafe class InstructionSet(
    string name, bool isSupported, PanelKernels kernels, ElementwiseKernels elementwise,
    delegate*<AttentionShape, TensorType, TensorType, AttentionKernel> createAttention)
{
    /// <summary>The environment variable that names the instruction set to use.</summary>
    public const string EnvironmentVariable = "EDGERUNTIME_ISA";

    /// <summary>"avx512-vnni", "avx512", "avx-vnni", "avx2", "neon-dot", "neon", "scalar".</summary>
    public string Name => name;

    /// <summary>Whether this machine has it.</summary>
    public bool IsSupported => isSupported;

    /// <summary>Every instruction set, best first; the last, "scalar", is supported everywhere.</summary>
    public static IReadOnlyList<InstructionSet> All { get; } =
    [
        Of<Avx512Isa, Vector512<int>, Avx512VnniGemv, Avx512VnniTile, Vector512Block, Lanes512>(
            "avx512-vnni", X86Features.Avx512Vnni && EmittedCode.IsSupported, EmittedTile.TileTokens, TileForm.MaxPanels),
        Of<Avx512Isa, Vector512<int>, Count1, Vector512Block, Lanes512>("avx512", Avx512BW.IsSupported),
        Of<AvxVnniIsa, Vector256<int>, Count2, Vector128Block, Lanes256>("avx-vnni", AvxVnni.IsSupported),
        Of<Avx2Isa, Vector256<int>, Count2, Vector128Block, Lanes256>("avx2", Avx2.IsSupported && Fma.IsSupported),
        Of<NeonDotIsa, Vector128<int>, Count1, Vector128Block, Lanes128>("neon-dot", Dp.IsSupported),
        Of<NeonIsa, Vector128<int>, Count1, Vector128Block, Lanes128>("neon", AdvSimd.Arm64.IsSupported),
        new("scalar", isSupported: true, new ScalarKernels(), new ElementwiseKernels<LanesScalar>(), &AttentionKernel.Create<LanesScalar>),
    ];

    /// <summary>The best that this machine has, or the one that the environment variable EDGERUNTIME_ISA names.</summary>
    /// <exception cref="ArgumentException">The environment variable names none, or one that this machine lacks.</exception>
    public static InstructionSet Default =>
        Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } name ? Parse(name) : All.First(set => set.IsSupported);

    /// <summary>Products of packed weights and activations.</summary>
    internal PanelKernels Kernels => kernels;

    /// <summary>Steps of a transformer between the products.</summary>
    internal ElementwiseKernels Elementwise => elementwise;

    /// <inheritdoc cref="AttentionKernel.Create"/>
    internal AttentionKernel CreateAttention(AttentionShape shape, TensorType keyType, TensorType valueType) =>
        createAttention(shape, keyType, valueType);

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

    /// <summary>
    /// A set whose words for panels (TIsa) are all that is its own; see <see
    /// cref="VectorPanelKernels{TIsa,TVector,TGemv,TTile,TBlock,TLanes}"/>.
    /// </summary>
    private static InstructionSet Of<TIsa, TVector, TVectors, TBlock, TLanes>(string name, bool isSupported)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct
        where TVectors : unmanaged
        where TBlock : struct, IBlockVector
        where TLanes : struct, ILanes<TLanes> =>
        Of<TIsa, TVector, PanelGemv<TIsa, TVector, TVectors>, PanelTile<TIsa, TVector, TVectors>, TBlock, TLanes>(
            name, isSupported, TIsa.TileTokens, tilePanels: 1);

    /// <summary>A set with loops of its own.</summary>
    private static InstructionSet Of<TIsa, TVector, TGemv, TTile, TBlock, TLanes>(
        string name, bool isSupported, int tileTokens, int tilePanels)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct
        where TGemv : IPanelGemv
        where TTile : IPanelTile
        where TBlock : struct, IBlockVector
        where TLanes : struct, ILanes<TLanes> => new(
        name, isSupported, new VectorPanelKernels<TIsa, TVector, TGemv, TTile, TBlock, TLanes>(tileTokens, tilePanels),
        new ElementwiseKernels<TLanes>(), &AttentionKernel.Create<TLanes>);
}
