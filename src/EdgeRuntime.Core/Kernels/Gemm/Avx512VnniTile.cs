using System.Runtime.Intrinsics;
using EdgeRuntime.Kernels.Emit;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Kernels.X86;

namespace EdgeRuntime.Kernels.Gemm;

/// <summary>The AVX512-VNNI tiles of expanded panels, of one or two of them.</summary>
internal abstract unsafe class Avx512VnniTile : IPanelTile
{
    public static void Multiply<TQuants, TScales>(
        byte* panels, byte* activations, int blocks, int tokens, float* y, int yStride, int rows, bool continued)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        if (TScales.Mins == 2)
        {
            // Minima of 16 columns have no emitted code.
            PanelTile<Avx512Isa, Vector512<int>, Count1>.Multiply<TQuants, TScales>(
                panels, activations, blocks, tokens, y, yStride, rows, continued);
            return;
        }

        long panelBytes = (long)blocks * ExpandedPanelLayout.BytesOfBlock(TScales.Scales, TScales.Mins);
        EmittedTiles<TQuants, TScales>.Expanded.Multiply(
            panels, panelBytes, activations, blocks, tokens, y, yStride, ExpandedPanelLayout.PanelRows, rows, continued);
    }
}
