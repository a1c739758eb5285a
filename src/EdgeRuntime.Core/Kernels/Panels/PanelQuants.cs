using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EdgeRuntime.Formats;

#pragma warning disable CS0169, IDE0051 // a field of the code's type gives the structure its size

namespace EdgeRuntime.Kernels.Panels;

/// <summary>
/// How the quants of a block of 32 columns lie in a packed panel and are loaded from it; <see cref="PackedLayout"/> shows the order. The
/// size of an implementation is that of its <see cref="IQuantCode"/>.
/// </summary>
internal unsafe interface IPanelQuants
{
    /// <summary>What the bits stand for.</summary>
    static abstract QuantCode Code { get; }

    /// <inheritdoc cref="IQuantCode.Bits"/>
    static abstract int Bits { get; }

    /// <inheritdoc cref="IQuantCode.Offset"/>
    static abstract int Offset { get; }

    /// <inheritdoc cref="IQuantCode.Unit"/>
    static abstract float Unit { get; }

    /// <summary>The levels of columns 4 g .. 4 g + 3, one unsigned byte each.</summary>
    /// <param name="block">The block, at the first row of the vector.</param>
    /// <param name="g">0..7, a constant.</param>
    /// <param name="shifts">What <see cref="IPanelScales.Shifts"/> gives for the block.</param>
    static abstract TVector Load<TIsa, TVector>(byte* block, int g, TVector shifts)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct;
}

/// <summary>What the code says of quants of that code.</summary>
internal interface IPanelQuants<TCode> : IPanelQuants
    where TCode : unmanaged, IQuantCode
{
    static QuantCode IPanelQuants.Code => QuantCode.Of<TCode>();

    static int IPanelQuants.Bits => TCode.Bits;

    static int IPanelQuants.Offset => TCode.Offset;

    static float IPanelQuants.Unit => TCode.Unit;
}

/// <summary>A vector whose bit g is the quant of column 4 g + j: the levels are 0 and 2.</summary>
internal readonly unsafe struct Quants1<TCode> : IPanelQuants<TCode>
    where TCode : unmanaged, IQuantCode
{
    private readonly TCode _size;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelQuants.Load<TIsa, TVector>(byte* block, int g, TVector shifts) => TIsa.Field(TIsa.Load(block), 1 - g, 2);
}

/// <summary>Two vectors of pairs.</summary>
internal readonly unsafe struct Quants2<TCode> : IPanelQuants<TCode>
    where TCode : unmanaged, IQuantCode
{
    private readonly TCode _size;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelQuants.Load<TIsa, TVector>(byte* block, int g, TVector shifts) =>
        TIsa.Field(TIsa.Load(block + (g / 4 * PackedLayout.VectorBytes)), -2 * (g % 4), 3);
}

/// <summary>Two vectors of pairs, eight times as great, and for each eight columns 2 more or not.</summary>
internal readonly unsafe struct ShiftedQuants2<TCode> : IPanelQuants<TCode>
    where TCode : unmanaged, IQuantCode
{
    private readonly TCode _size;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelQuants.Load<TIsa, TVector>(byte* block, int g, TVector shifts) => TIsa.Or(
        TIsa.Field(TIsa.Load(block + (g / 4 * PackedLayout.VectorBytes)), 3 - (2 * (g % 4)), 0x18),
        TIsa.Field(shifts, 1 - (g / 2), 2));
}

/// <summary>Two vectors of pairs and a plane of third bits.</summary>
internal readonly unsafe struct Quants3<TCode> : IPanelQuants<TCode>
    where TCode : unmanaged, IQuantCode
{
    private readonly TCode _size;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelQuants.Load<TIsa, TVector>(byte* block, int g, TVector shifts) => TIsa.Or(
        TIsa.Field(TIsa.Load(block + (g / 4 * PackedLayout.VectorBytes)), -2 * (g % 4), 3),
        TIsa.Field(TIsa.Load(block + (2 * PackedLayout.VectorBytes)), 2 - g, 4));
}

/// <summary>Four vectors of nibbles, of which kinds of four bits and more are made.</summary>
internal static unsafe class NibblePlanes
{
    /// <summary>The nibbles of columns 4 g .. 4 g + 3, moved to the left by a constant.</summary>
    /// <remarks>
    /// The branch is outside of the call: a shift by a number that the JIT finds out after reading the call is no constant to it.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TIsa, TVector>(byte* block, int g, int left)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => g < 4
        ? TIsa.Field(TIsa.Load(block + (g * PackedLayout.VectorBytes)), left, (byte)(15 << left))
        : TIsa.Field(TIsa.Load(block + ((g - 4) * PackedLayout.VectorBytes)), left - 4, (byte)(15 << left));
}

/// <summary>Four vectors of nibbles.</summary>
internal readonly unsafe struct Quants4<TCode> : IPanelQuants<TCode>
    where TCode : unmanaged, IQuantCode
{
    private readonly TCode _size;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelQuants.Load<TIsa, TVector>(byte* block, int g, TVector shifts) => NibblePlanes.Load<TIsa, TVector>(block, g, 0);
}

/// <summary>Four vectors of nibbles that count twice.</summary>
internal readonly unsafe struct DoubledQuants4<TCode> : IPanelQuants<TCode>
    where TCode : unmanaged, IQuantCode
{
    private readonly TCode _size;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelQuants.Load<TIsa, TVector>(byte* block, int g, TVector shifts) => NibblePlanes.Load<TIsa, TVector>(block, g, 1);
}

/// <summary>Nibbles and a plane of fifth bits.</summary>
internal readonly unsafe struct Quants5<TCode> : IPanelQuants<TCode>
    where TCode : unmanaged, IQuantCode
{
    private readonly TCode _size;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelQuants.Load<TIsa, TVector>(byte* block, int g, TVector shifts) => TIsa.Or(
        NibblePlanes.Load<TIsa, TVector>(block, g, 0),
        TIsa.Field(TIsa.Load(block + (4 * PackedLayout.VectorBytes)), 4 - g, 16));
}

/// <summary>Nibbles and two vectors of high pairs.</summary>
internal readonly unsafe struct Quants6<TCode> : IPanelQuants<TCode>
    where TCode : unmanaged, IQuantCode
{
    private readonly TCode _size;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelQuants.Load<TIsa, TVector>(byte* block, int g, TVector shifts) => TIsa.Or(
        NibblePlanes.Load<TIsa, TVector>(block, g, 0),
        TIsa.Field(TIsa.Load(block + ((4 + (g / 4)) * PackedLayout.VectorBytes)), 4 - (2 * (g % 4)), 0x30));
}

/// <summary>Eight vectors of bytes.</summary>
internal readonly unsafe struct Quants8<TCode> : IPanelQuants<TCode>
    where TCode : unmanaged, IQuantCode
{
    private readonly TCode _size;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelQuants.Load<TIsa, TVector>(byte* block, int g, TVector shifts) =>
        TIsa.Load(block + (g * PackedLayout.VectorBytes));
}

/// <summary>Quants that stand for <see cref="IQuantCode.Levels"/>.</summary>
internal readonly unsafe struct Coded<TQuants, TCode> : IPanelQuants<TCode>
    where TQuants : unmanaged, IPanelQuants
    where TCode : unmanaged, IQuantCode
{
    private readonly TCode _size;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelQuants.Load<TIsa, TVector>(byte* block, int g, TVector shifts) =>
        TIsa.Lookup(TQuants.Load<TIsa, TVector>(block, g, shifts), Vector128.Create(TCode.Levels));
}
