namespace EdgeRuntime.Kernels.Gemm;

/// <summary>Chooses the function that multiplies an expanded panel with a tile of tokens.</summary>
internal static unsafe class PanelGemm
{
    /// <inheritdoc cref="PanelKernels.Gemm"/>
    public static delegate*<byte*, byte*, int, int, float*, int, int, void> Select(
        InstructionSet instructionSet, ExpandedPanelLayout layout) => instructionSet.Kernels.Gemm(layout);
}
