using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Kernels.Gemm;

/// <summary>
/// An <see cref="ExpandedPanelLayout"/> as a type, so that its numbers are constants in a compiled tile. Its size, which the JIT
/// knows before it inlines (see <see cref="Count1"/>), is the number of steps whose products of pairs sum exactly in int16:
/// 32767 / (2 x 127 x MaxQuant), at most the 8 steps of a block; 1 with 8 bits, which are then multiplied as signed numbers.
/// </summary>
internal interface IExpandedLayout
{
    static abstract int Scales { get; }

    static abstract int Mins { get; }

    static abstract int Offset { get; }

    static abstract int MaxQuant { get; }
}

/// <summary>The code of one instruction set for an expanded panel times a tile of tokens, for any layout.</summary>
internal unsafe interface IPanelTile
{
    /// <inheritdoc cref="PanelKernels.Gemm"/>
    static abstract void Multiply<TLayout>(
        byte* panels, byte* activations, int blocks, int tokens, float* y, int yStride, int rows, bool continued)
        where TLayout : unmanaged, IExpandedLayout;
}

/// <summary>The layouts that the formats expand to. A new one is a type here, an entry of All and a line in Select.</summary>
internal static unsafe class ExpandedLayouts
{
    public static IReadOnlyList<ExpandedPanelLayout> All { get; } =
    [
        Of<Quant4Offset8>(), Of<Quant4Min>(), Of<Quant5Offset16>(), Of<Quant5Min>(), Of<Quant6Offset32>(), Of<Quant8Offset128>(),
    ];

    public static ExpandedPanelLayout Of<TLayout>()
        where TLayout : unmanaged, IExpandedLayout => new(TLayout.Scales, TLayout.Mins, TLayout.Offset, TLayout.MaxQuant);

    /// <summary>The tile function for a layout.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No format expands to this layout.</exception>
    public static delegate*<byte*, byte*, int, int, float*, int, int, bool, void> Select<TTile>(ExpandedPanelLayout layout)
        where TTile : IPanelTile => layout switch
        {
            { Scales: 1, Mins: 0, Offset: 8, MaxQuant: <= 15 } => &TTile.Multiply<Quant4Offset8>,
            { Scales: 1, Mins: 1, Offset: 0, MaxQuant: <= 15 } => &TTile.Multiply<Quant4Min>,
            { Scales: 1, Mins: 0, Offset: 16, MaxQuant: <= 31 } => &TTile.Multiply<Quant5Offset16>,
            { Scales: 1, Mins: 1, Offset: 0, MaxQuant: <= 31 } => &TTile.Multiply<Quant5Min>,
            { Scales: 2, Mins: 0, Offset: 32, MaxQuant: <= 63 } => &TTile.Multiply<Quant6Offset32>,
            { Scales: 1, Mins: 0, Offset: 128, MaxQuant: <= 255 } => &TTile.Multiply<Quant8Offset128>,
            _ => throw new ArgumentOutOfRangeException(nameof(layout), layout, "no tile has this layout; add it to ExpandedLayouts"),
        };
}

/// <summary>Q4_0.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct Quant4Offset8 : IExpandedLayout
{
    public static int Scales => 1;

    public static int Mins => 0;

    public static int Offset => 8;

    public static int MaxQuant => 15;
}

/// <summary>Q4_1, Q4_K.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct Quant4Min : IExpandedLayout
{
    public static int Scales => 1;

    public static int Mins => 1;

    public static int Offset => 0;

    public static int MaxQuant => 15;
}

/// <summary>Q5_0.</summary>
[StructLayout(LayoutKind.Sequential, Size = 4)]
internal readonly struct Quant5Offset16 : IExpandedLayout
{
    public static int Scales => 1;

    public static int Mins => 0;

    public static int Offset => 16;

    public static int MaxQuant => 31;
}

/// <summary>Q5_1, Q5_K.</summary>
[StructLayout(LayoutKind.Sequential, Size = 4)]
internal readonly struct Quant5Min : IExpandedLayout
{
    public static int Scales => 1;

    public static int Mins => 1;

    public static int Offset => 0;

    public static int MaxQuant => 31;
}

/// <summary>Q6_K.</summary>
[StructLayout(LayoutKind.Sequential, Size = 2)]
internal readonly struct Quant6Offset32 : IExpandedLayout
{
    public static int Scales => 2;

    public static int Mins => 0;

    public static int Offset => 32;

    public static int MaxQuant => 63;
}

/// <summary>Q8_0, IQ4_NL, IQ4_XS.</summary>
[StructLayout(LayoutKind.Sequential, Size = 1)]
internal readonly struct Quant8Offset128 : IExpandedLayout
{
    public static int Scales => 1;

    public static int Mins => 0;

    public static int Offset => 128;

    public static int MaxQuant => 255;
}
