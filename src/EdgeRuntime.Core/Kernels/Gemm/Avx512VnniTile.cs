using EdgeRuntime.Kernels.Emit;

namespace EdgeRuntime.Kernels.Gemm;

/// <summary>The AVX512-VNNI tiles of expanded panels, of one or two of them.</summary>
internal abstract unsafe class Avx512VnniTile : IPanelTile
{
    public static int TileTokens => EmittedTile.TileTokens;

    public static int TilePanels => TileForm.MaxPanels;

    public static bool IsSupported => X86Features.Avx512Vnni && EmittedCode.IsSupported;

    public static void Multiply<TLayout>(
        byte* panels, byte* activations, int blocks, int tokens, float* y, int yStride, int rows, bool continued)
        where TLayout : unmanaged, IExpandedLayout
    {
        long panelBytes = (long)blocks * ExpandedLayouts.Of<TLayout>().BlockBytes;
        Tiles<TLayout>.Tile.Multiply(
            panels, panelBytes, activations, blocks, tokens, y, yStride, ExpandedPanelLayout.PanelRows, rows, continued);
    }

    private static class Tiles<TLayout>
        where TLayout : unmanaged, IExpandedLayout
    {
        public static readonly EmittedTile Tile = new(form => VnniTileEmitter.Make(ExpandedLayouts.Of<TLayout>(), form));
    }
}
