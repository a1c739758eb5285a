namespace EdgeRuntime.Kernels.Gemv;

/// <summary>The code of one instruction set for a few tokens times packed panels, for any quants and scales.</summary>
/// <typeparam name="TVector">The vector of its scales.</typeparam>
internal unsafe interface IPanelGemv<TVector>
    where TVector : struct
{
    /// <inheritdoc cref="PanelKernels.GemvTokens"/>
    static abstract int Tokens { get; }

    /// <inheritdoc cref="PanelKernels.Gemv"/>
    static abstract void Multiply<TQuants, TScales>(
        byte* panels, byte* activations, int blocks, int tokens, float* y, int yStride, int rows)
        where TQuants : struct, IPanelQuants
        where TScales : struct, IPanelScales<TScales, TVector>;
}
