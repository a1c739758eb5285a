using System;
using System.Runtime.Intrinsics;
using EdgeRuntime.Kernels.Emit;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Kernels.X86;

namespace EdgeRuntime.Kernels.Gemv;

/// <summary>
/// A few tokens by AVX512-VNNI tiles that unpack the panels once for all of them. Two panels at once are one of the first half of the rows
/// and one of the second: each half is then one stretch of memory that is read from end to end, and the processor's prefetchers stay on it.
/// Neighbours would be two short stretches, lost and found anew with every pair (measured: 4 to 18 % slower, one panel at a time 10 to 20
/// %). One token of a format with scales for 256 columns goes through the AVX-512 loop, which is as fast or up to 4 % faster there,
/// measured in whole models.
/// </summary>
internal abstract unsafe class Avx512VnniGemv : IPanelGemv
{
    /// <inheritdoc/>
    /// <remarks>Where no code for tiles is written, few tokens go through the AVX-512 loop and more are expanded.</remarks>
    public static int Tokens(PackedLayout layout) =>
        layout.IsEmitted ? EmittedTile.TileTokens : PanelGemv<Avx512Isa, Vector512<int>, Count1>.Tokens(layout);

    public static void Multiply<TQuants, TScales>(
        byte* panels, byte* activations, int blocks, int tokens, float* y, int yStride, int rows)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        const int PanelRows = PackedLayout.PanelRows;
        PackedLayout layout = PackedLayout<TQuants, TScales>.Instance;
        if (!layout.IsEmitted || (tokens == 1 && layout.IsSuperBlock))
        {
            PanelGemv<Avx512Isa, Vector512<int>, Count1>.Multiply<TQuants, TScales>(panels, activations, blocks, tokens, y, yStride, rows);
            return;
        }

        EmittedTile tile = EmittedTiles<TQuants, TScales>.Packed;
        long panelBytes = layout.PanelBytes(blocks * ActivationLayout.BlockColumns);
        int count = (int)(((long)rows + PanelRows - 1) / PanelRows);

        // More tokens than a tile of two panels takes would unpack these twice.
        int pairs = tokens <= TileForm.MaxTokens(TileForm.MaxPanels) ? count / 2 : 0;
        int half = pairs * PanelRows;
        for (int pair = 0; pair < pairs; pair++)
        {
            int row = pair * PanelRows;
            int both = PanelRows + Math.Min(PanelRows, rows - half - row);
            tile.Multiply(
                panels + (pair * panelBytes), pairs * panelBytes, activations, blocks, tokens, y + row, yStride, half, both,
                continued: false);
        }

        for (int panel = 2 * pairs; panel < count; panel++)
        {
            int row = panel * PanelRows;
            int left = Math.Min(PanelRows, rows - row);
            tile.Multiply(panels + (panel * panelBytes), 0, activations, blocks, tokens, y + row, yStride, 0, left, continued: false);
        }
    }
}
