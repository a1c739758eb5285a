using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels.Gemv;

/// <summary>How the quants of a block of 32 columns lie in a packed panel; see <see cref="PackedLayout"/>.</summary>
internal unsafe interface IPanelQuants
{
    /// <summary>Bits of a quant in the panel.</summary>
    static abstract int Bits { get; }

    /// <summary>Bits of what <see cref="Load"/> gives, which decide how it may be multiplied: more than those in the panel where these are a code.</summary>
    static abstract int ValueBits { get; }

    /// <summary>How the bits stand for the quant.</summary>
    static abstract QuantCode Code { get; }

    /// <summary>The quants of columns 4 g .. 4 g + 3, one unsigned byte each.</summary>
    /// <param name="block">The block, at the first row of the vector.</param>
    /// <param name="g">0..7, a constant.</param>
    static abstract TVector Load<TIsa, TVector>(byte* block, int g)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct;
}

/// <summary>Four vectors of nibbles.</summary>
internal readonly unsafe struct Quants4 : IPanelQuants
{
    public static int Bits => 4;

    public static int ValueBits => 4;

    public static QuantCode Code => QuantCode.Linear;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TIsa, TVector>(byte* block, int g)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => g < 4
        ? TIsa.LowNibbles(TIsa.Load(block + (g * PanelGemv.VectorBytes)))
        : TIsa.HighNibbles(TIsa.Load(block + ((g - 4) * PanelGemv.VectorBytes)));
}

/// <summary>Nibbles and a plane of fifth bits.</summary>
internal readonly unsafe struct Quants5 : IPanelQuants
{
    public static int Bits => 5;

    public static int ValueBits => 5;

    public static QuantCode Code => QuantCode.Linear;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TIsa, TVector>(byte* block, int g)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct =>
        TIsa.AddFifthBit(Quants4.Load<TIsa, TVector>(block, g), TIsa.Load(block + (4 * PanelGemv.VectorBytes)), g);
}

/// <summary>Nibbles and two vectors of high pairs.</summary>
internal readonly unsafe struct Quants6 : IPanelQuants
{
    public static int Bits => 6;

    public static int ValueBits => 6;

    public static QuantCode Code => QuantCode.Linear;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TIsa, TVector>(byte* block, int g)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct =>
        TIsa.AddHighPair(Quants4.Load<TIsa, TVector>(block, g), TIsa.Load(block + ((4 + (g / 4)) * PanelGemv.VectorBytes)), g % 4);
}

/// <summary>Eight vectors of bytes.</summary>
internal readonly unsafe struct Quants8 : IPanelQuants
{
    public static int Bits => 8;

    public static int ValueBits => 8;

    public static QuantCode Code => QuantCode.Linear;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TIsa, TVector>(byte* block, int g)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => TIsa.Load(block + (g * PanelGemv.VectorBytes));
}

/// <summary>Four vectors of nibbles that stand for <see cref="NonLinear4.Values"/>.</summary>
internal readonly unsafe struct QuantsNonLinear4 : IPanelQuants
{
    public static int Bits => 4;

    public static int ValueBits => 8;

    public static QuantCode Code => QuantCode.NonLinear4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TIsa, TVector>(byte* block, int g)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct =>
        TIsa.Lookup(Quants4.Load<TIsa, TVector>(block, g), Vector128.Create(NonLinear4.Values).AsByte() ^ Vector128.Create((byte)0x80));
}
