using System.Runtime.CompilerServices;
using System.Threading;
using EdgeRuntime.Kernels.Emit;

namespace EdgeRuntime.Kernels.Gemm;

/// <summary>The AVX512-VNNI tiles: made on first use for each layout and number of tokens, then kept.</summary>
internal abstract unsafe class Avx512VnniTile : IPanelTile
{
    public const int TileTokens = 12;

    public static bool IsSupported => X86Features.Avx512Vnni && EmittedCode.IsSupported;

    public static void Multiply<TLayout>(byte* panel, byte* activations, int blocks, int tokens, float* y, int yStride, int rows)
        where TLayout : unmanaged, IExpandedLayout
    {
        byte* scratch = stackalloc byte[192];
        TileArguments arguments;
        arguments.Panel = panel;
        arguments.Activations = activations;
        arguments.Y = y;
        arguments.YStrideBytes = (long)yStride * sizeof(float);
        arguments.Scratch = (int*)(((nint)scratch + 63) & -64);
        arguments.Blocks = blocks;
        arguments.RowMask = (1 << rows) - 1;
        nint code = Tiles<TLayout>.Entries[tokens];
        if (code == 0)
        {
            code = Make<TLayout>(tokens);
        }

        ((delegate* unmanaged<TileArguments*, void>)code)(&arguments);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static nint Make<TLayout>(int tokens)
        where TLayout : unmanaged, IExpandedLayout
    {
        lock (Tiles<TLayout>.Entries)
        {
            ref nint entry = ref Tiles<TLayout>.Entries[tokens];
            if (entry == 0)
            {
                Volatile.Write(ref entry, VnniTileEmitter.Make(ExpandedLayouts.Of<TLayout>(), tokens));
            }

            return entry;
        }
    }

    /// <summary>Entry points by number of tokens; 0 until made.</summary>
    private static class Tiles<TLayout>
    {
        public static readonly nint[] Entries = new nint[VnniTileEmitter.MaxTokens + 1];
    }
}
