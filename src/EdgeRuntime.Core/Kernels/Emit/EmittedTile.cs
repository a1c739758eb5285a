using System;
using System.Runtime.CompilerServices;
using System.Threading;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>The emitted tiles of one layout. Each form is made on first use and kept.</summary>
/// <param name="make">Makes the code of a form.</param>
internal sealed unsafe class EmittedTile(Func<TileForm, nint> make)
{
    /// <summary>Tokens in a full activation tile.</summary>
    public const int TileTokens = TileForm.MaxSums;

    private const int Alignment = 64;

    // By panels, tokens in memory and tokens; 0 until made.
    private readonly nint[] _entries = new nint[TileForm.MaxPanels * (TileTokens + 1) * (TileTokens + 1)];

    /// <summary>Computes <see cref="PanelKernels.Gemm"/> of up to two panels, which need not be adjacent.</summary>
    /// <param name="panels">The first panel.</param>
    /// <param name="panelBytes">Bytes from the first panel to the second.</param>
    /// <param name="activations">The tile.</param>
    /// <param name="blocks">Blocks of 32 columns.</param>
    /// <param name="tokens">Tokens of the tile.</param>
    /// <param name="y">[tokens, yStride], from the first panel's rows on.</param>
    /// <param name="yStride">Floats from one token to the next.</param>
    /// <param name="panelRows">Rows from the first of the first panel to the first of the second.</param>
    /// <param name="rows">1 to 32, of both panels together; a second panel follows only a whole first one.</param>
    /// <param name="continued">Whether the sums continue from the values in y.</param>
    public void Multiply(
        byte* panels, long panelBytes, byte* activations, int blocks, int tokens, float* y, int yStride, int panelRows, int rows,
        bool continued)
    {
        byte* memory = stackalloc byte[sizeof(TileArguments) + Alignment];
        var arguments = (TileArguments*)(((nint)memory + Alignment - 1) & -Alignment);
        arguments->Panels = panels;
        arguments->PanelBytes = panelBytes;
        arguments->YPanelBytes = (long)panelRows * sizeof(float);
        arguments->YStrideBytes = (long)yStride * sizeof(float);
        arguments->Blocks = blocks;
        arguments->RowMask = (int)((1L << rows) - 1);
        arguments->Continued = continued ? 1 : 0;
        int panelCount = rows > ExpandedPanelLayout.PanelRows ? 2 : 1;
        int most = TileForm.MaxTokens(panelCount);

        // Tokens in equal parts: eleven as six and five.
        int parts = (tokens + most - 1) / most;
        for (int part = 0; part < parts; part++)
        {
            int first = part * tokens / parts;
            int count = ((part + 1) * tokens / parts) - first;
            arguments->Activations = activations + (4 * first);
            arguments->Y = y + ((long)first * yStride);
            ((delegate* unmanaged<TileArguments*, void>)Entry(new TileForm(panelCount, tokens, count)))(arguments);
        }
    }

    private nint Entry(TileForm form)
    {
        int index = ((form.Panels - 1) * (TileTokens + 1) * (TileTokens + 1)) + (form.Stride * (TileTokens + 1)) + form.Tokens;
        nint code = _entries[index];
        return code != 0 ? code : Make(form, index);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private nint Make(TileForm form, int index)
    {
        lock (_entries)
        {
            ref nint entry = ref _entries[index];
            if (entry == 0)
            {
                Volatile.Write(ref entry, make(form));
            }

            return entry;
        }
    }
}

/// <summary>The emitted tiles of a layout.</summary>
internal static class EmittedTiles<TQuants, TScales>
    where TQuants : unmanaged, IPanelQuants
    where TScales : struct, IPanelScales
{
    /// <summary>Tiles of packed panels, only where <see cref="PackedLayout.IsEmitted"/>.</summary>
    public static readonly EmittedTile Packed = new(form => VnniTileEmitter.Make(PackedLayout<TQuants, TScales>.Instance, form));

    /// <summary>Tiles of expanded panels.</summary>
    public static readonly EmittedTile Expanded = new(form => VnniTileEmitter.Make(PackedLayout<TQuants, TScales>.Instance.Expanded, form));
}
