using System;
using System.Collections.Generic;

namespace EdgeRuntime.Kernels.Gemm;

/// <summary>An <see cref="ExpandedPanelLayout"/> as a type, so that its numbers are constants in a compiled tile.</summary>
internal interface IExpandedLayout
{
    static abstract ExpandedPanelLayout Layout { get; }
}

/// <summary>The code of one instruction set for an expanded panel times a tile of tokens, for any layout.</summary>
internal unsafe interface IPanelTile
{
    /// <summary>y[t * yStride + r] = row r of the panel times token t; arguments as in <see cref="PanelGemm.Select"/>.</summary>
    static abstract void Multiply<TLayout>(byte* panel, byte* activations, int blocks, int tokens, float* y, int yStride, int rows)
        where TLayout : struct, IExpandedLayout;
}

/// <summary>The layouts that the formats expand to. A new one is a type here, an entry of All and a line in Select.</summary>
internal static unsafe class ExpandedLayouts
{
    public static IReadOnlyList<ExpandedPanelLayout> All { get; } =
    [
        Quant4Offset8.Layout, Quant4Min.Layout, Quant5Offset16.Layout, Quant5Min.Layout, Quant6Offset32.Layout, Quant8Offset128.Layout,
    ];

    /// <summary>The tile function for a layout.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No format expands to this layout.</exception>
    public static delegate*<byte*, byte*, int, int, float*, int, int, void> Select<TTile>(ExpandedPanelLayout layout)
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
internal readonly struct Quant4Offset8 : IExpandedLayout
{
    public static ExpandedPanelLayout Layout => new(1, 0, 8, 15);
}

/// <summary>Q4_1, Q4_K.</summary>
internal readonly struct Quant4Min : IExpandedLayout
{
    public static ExpandedPanelLayout Layout => new(1, 1, 0, 15);
}

/// <summary>Q5_0.</summary>
internal readonly struct Quant5Offset16 : IExpandedLayout
{
    public static ExpandedPanelLayout Layout => new(1, 0, 16, 31);
}

/// <summary>Q5_1, Q5_K.</summary>
internal readonly struct Quant5Min : IExpandedLayout
{
    public static ExpandedPanelLayout Layout => new(1, 1, 0, 31);
}

/// <summary>Q6_K.</summary>
internal readonly struct Quant6Offset32 : IExpandedLayout
{
    public static ExpandedPanelLayout Layout => new(2, 0, 32, 63);
}

/// <summary>Q8_0.</summary>
internal readonly struct Quant8Offset128 : IExpandedLayout
{
    public static ExpandedPanelLayout Layout => new(1, 0, 128, 255);
}
