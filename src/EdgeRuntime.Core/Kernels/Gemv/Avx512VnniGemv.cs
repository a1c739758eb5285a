using System;
using System.Runtime.Intrinsics;
using EdgeRuntime.Kernels.Emit;
using EdgeRuntime.Kernels.X86;

namespace EdgeRuntime.Kernels.Gemv;

/// <summary>
/// A few tokens by AVX512-VNNI tiles that unpack the panels once for all of them. One token of a format with scales for 256 columns goes
/// through the AVX-512 loop: memory bounds both, and the loop then reads 10 % faster; where scales stand for 32 columns the tile, which
/// asks for two panels at once, does (measured in turns on matrices larger than the cache).
/// </summary>
internal abstract unsafe class Avx512VnniGemv : IPanelGemv<Vector512<int>>
{
    public static int Tokens => EmittedTile.TileTokens;

    public static void Multiply<TQuants, TScales>(
        byte* panels, byte* activations, int blocks, int tokens, float* y, int yStride, int rows)
        where TQuants : struct, IPanelQuants
        where TScales : struct, IPanelScales<TScales, Vector512<int>>
    {
        PackedLayout layout = PanelGemv.Layout<TQuants, TScales, Vector512<int>>();
        if (tokens == 1 && layout.IsSuperBlock)
        {
            PanelGemv<Avx512Isa, Vector512<int>>.Multiply<TQuants, TScales>(panels, activations, blocks, tokens, y, yStride, rows);
            return;
        }

        // More tokens than a tile of two panels takes would unpack these twice.
        int panelsAtOnce = tokens <= TileForm.MaxTokens(TileForm.MaxPanels) ? TileForm.MaxPanels : 1;
        int most = panelsAtOnce * PackedLayout.PanelRows;
        long panelBytes = layout.PanelBytes(blocks * ActivationLayout.BlockColumns);
        for (int row = 0; row < rows; row += most)
        {
            byte* first = panels + (row / PackedLayout.PanelRows * panelBytes);
            int count = Math.Min(most, rows - row);
            Tiles<TQuants, TScales>.Tile.Multiply(
                first, panelBytes, activations, blocks, tokens, y + row, yStride, count, continued: false);
        }
    }

    private static class Tiles<TQuants, TScales>
        where TQuants : struct, IPanelQuants
        where TScales : struct, IPanelScales<TScales, Vector512<int>>
    {
        public static readonly EmittedTile Tile =
            new(form => VnniTileEmitter.Make(PanelGemv.Layout<TQuants, TScales, Vector512<int>>(), form));
    }
}
