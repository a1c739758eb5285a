using System.Runtime.CompilerServices;
using System.Threading;
using EdgeRuntime.Kernels.Emit;

namespace EdgeRuntime.Kernels.Gemm;

/// <summary>The AVX512-VNNI tiles, of one panel or two: made on first use for each layout and form, then kept.</summary>
internal abstract unsafe class Avx512VnniTile : IPanelTile
{
    public static int TileTokens => 12;

    public static int TilePanels => 2;

    public static bool IsSupported => X86Features.Avx512Vnni && EmittedCode.IsSupported;

    public static void Multiply<TLayout>(byte* panels, byte* activations, int blocks, int tokens, float* y, int yStride, int rows)
        where TLayout : unmanaged, IExpandedLayout
    {
        byte* scratch = stackalloc byte[192];
        TileArguments arguments;
        arguments.Panels = panels;
        arguments.PanelBytes = (long)blocks * ExpandedLayouts.Of<TLayout>().BlockBytes;
        arguments.YStrideBytes = (long)yStride * sizeof(float);
        arguments.Scratch = (int*)(((nint)scratch + 63) & -64);
        arguments.Blocks = blocks;
        arguments.RowMask = (int)((1L << rows) - 1);
        int panelCount = rows > ExpandedPanelLayout.PanelRows ? 2 : 1;
        int most = TileForm.MaxTokens(panelCount);
        // Tokens in equal parts: eleven as six and five.
        int parts = (tokens + most - 1) / most;
        for (int part = 0; part < parts; part++)
        {
            int first = part * tokens / parts;
            int count = ((part + 1) * tokens / parts) - first;
            arguments.Activations = activations + (4 * first);
            arguments.Y = y + ((long)first * yStride);
            nint code = Entry<TLayout>(new TileForm(panelCount, tokens, count));
            ((delegate* unmanaged<TileArguments*, void>)code)(&arguments);
        }
    }

    private static nint Entry<TLayout>(TileForm form)
        where TLayout : unmanaged, IExpandedLayout
    {
        int index = ((form.Panels - 1) * (TileTokens + 1) * (TileTokens + 1)) + (form.Stride * (TileTokens + 1)) + form.Tokens;
        nint code = Tiles<TLayout>.Entries[index];
        return code != 0 ? code : Make<TLayout>(form, index);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static nint Make<TLayout>(TileForm form, int index)
        where TLayout : unmanaged, IExpandedLayout
    {
        lock (Tiles<TLayout>.Entries)
        {
            ref nint entry = ref Tiles<TLayout>.Entries[index];
            if (entry == 0)
            {
                Volatile.Write(ref entry, VnniTileEmitter.Make(ExpandedLayouts.Of<TLayout>(), form));
            }

            return entry;
        }
    }

    /// <summary>Entry points by panels, tokens in memory and tokens; 0 until made.</summary>
    private static class Tiles<TLayout>
    {
        public static readonly nint[] Entries = new nint[TilePanels * (TileTokens + 1) * (TileTokens + 1)];
    }
}
