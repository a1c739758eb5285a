using System;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

// The quant codes. A code that several formats share is named after its number of bits.

/// <summary>The numbers 0..3; the format adds a minimum.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct Unsigned2 : IQuantCode
{
    public static int Bits => 2;

    public static int Offset => 0;

    public static int MaxLevel => 3;
}

/// <summary>The numbers 0..15; the format adds a minimum.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct Unsigned4 : IQuantCode
{
    public static int Bits => 4;

    public static int Offset => 0;

    public static int MaxLevel => 15;
}

/// <summary>The numbers 0..31; the format adds a minimum.</summary>
[StructLayout(LayoutKind.Sequential, Size = 4)]
internal readonly struct Unsigned5 : IQuantCode
{
    public static int Bits => 5;

    public static int Offset => 0;

    public static int MaxLevel => 31;
}

/// <summary>The numbers -1 and 1, as levels 0 and 2.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct PlusMinus : IQuantCode
{
    public static int Bits => 1;

    public static int Offset => 1;

    public static int MaxLevel => 2;

    public static ReadOnlySpan<byte> Levels => [0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
}

/// <summary>The numbers -1..2. Ternary types use only the first three.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct TernaryCode : IQuantCode
{
    public static int Bits => 2;

    public static int Offset => 1;

    public static int MaxLevel => 3;
}

/// <summary>The numbers -4..3.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct Centered3 : IQuantCode
{
    public static int Bits => 3;

    public static int Offset => 4;

    public static int MaxLevel => 7;
}

/// <summary>The numbers -8..7.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct Centered4 : IQuantCode
{
    public static int Bits => 4;

    public static int Offset => 8;

    public static int MaxLevel => 15;
}

/// <summary>The numbers -16..15.</summary>
[StructLayout(LayoutKind.Sequential, Size = 4)]
internal readonly struct Centered5 : IQuantCode
{
    public static int Bits => 5;

    public static int Offset => 16;

    public static int MaxLevel => 31;
}

/// <summary>The numbers -32..31.</summary>
[StructLayout(LayoutKind.Sequential, Size = 2)]
internal readonly struct Centered6 : IQuantCode
{
    public static int Bits => 6;

    public static int Offset => 32;

    public static int MaxLevel => 63;
}

/// <summary>The numbers -128..127.</summary>
[StructLayout(LayoutKind.Sequential, Size = IQuantCode.Signed)]
internal readonly struct Centered8 : IQuantCode
{
    public static int Bits => 8;

    public static int Offset => 128;

    public static int MaxLevel => 255;
}

/// <summary>The numbers in <see cref="NonLinear4.Values"/>.</summary>
[StructLayout(LayoutKind.Sequential, Size = IQuantCode.Signed)]
internal readonly struct NonLinearCode : IQuantCode
{
    public static int Bits => 4;

    public static int Offset => 128;

    public static int MaxLevel => 255;

    public static ReadOnlySpan<byte> Levels => [1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241];
}

/// <summary>
/// The numbers -1, 0 and 1 in eighths, shifted by plus or minus one eighth per group of eight weights: the levels are 8 q and 8 q + 2.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 4)]
internal readonly struct ShiftedTernary : IQuantCode
{
    public static int Bits => 2;

    public static int Offset => 9;

    public static int MaxLevel => 26;

    public static float Unit => 1 / 8f;
}

/// <summary>The numbers in <see cref="Float4.Values"/>, which are doubled to be integers.</summary>
[StructLayout(LayoutKind.Sequential, Size = 4)]
internal readonly struct Float4Code : IQuantCode
{
    public static int Bits => 4;

    public static int Offset => 12;

    public static int MaxLevel => 24;

    public static float Unit => 1 / 2f;

    public static ReadOnlySpan<byte> Levels => [12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0];
}

/// <summary>The signed magnitudes 8, 25 and 43 of <see cref="IQ2Grids"/>. The scale is 2 sc + 1 in units of one eighth.</summary>
[StructLayout(LayoutKind.Sequential, Size = 1)]
internal readonly struct Grid2Code : IQuantCode
{
    public static int Bits => 3;

    public static int Offset => 43;

    public static int MaxLevel => 86;

    public static float Unit => 1 / 8f;

    /// <summary>Gets the levels. Bit 2 of the quant is the sign.</summary>
    public static ReadOnlySpan<byte> Levels => [51, 68, 86, 43, 35, 18, 0, 43, 43, 43, 43, 43, 43, 43, 43, 43];
}

/// <summary>Half of the signed magnitudes of <see cref="IQ3Grids.Xxs"/>. The scale is 2 sc + 1 in units of one half.</summary>
[StructLayout(LayoutKind.Sequential, Size = 2)]
internal readonly struct Grid3Code : IQuantCode
{
    public static int Bits => 4;

    public static int Offset => 31;

    public static int MaxLevel => 62;

    public static float Unit => 1 / 2f;

    public static ReadOnlySpan<byte> Levels => [0, 5, 9, 13, 17, 21, 25, 29, 33, 37, 41, 45, 49, 53, 57, 62];
}

/// <summary>The odd numbers -15..15: the signed magnitudes of <see cref="IQ3Grids.S"/>.</summary>
[StructLayout(LayoutKind.Sequential, Size = 4)]
internal readonly struct OddCode : IQuantCode
{
    public static int Bits => 4;

    public static int Offset => 15;

    public static int MaxLevel => 30;

    public static ReadOnlySpan<byte> Levels => [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30];
}
