using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>
/// The layouts with kernels. To add one: its line here, with a new type where the quants or the scales are of a new kind.
/// </summary>
internal static class PackedLayouts
{
    public static IReadOnlyList<PackedLayout> All { get; } =
    [
        Of<Quants4<Centered4>, HalfScales<Count1>>(), // Q4_0
        Of<Quants4<Unsigned4>, HalfAndMinScales>(), // Q4_1
        Of<Quants5<Centered5>, HalfScales<Count1>>(), // Q5_0
        Of<Quants5<Unsigned5>, HalfAndMinScales>(), // Q5_1
        Of<Quants8<Centered8>, HalfScales<Count1>>(), // Q8_0
        Of<Quants4<Unsigned4>, SuperBlockMinScales>(), // Q4_K
        Of<Quants5<Unsigned5>, SuperBlockMinScales>(), // Q5_K
        Of<Quants6<Centered6>, SuperBlockScales<Count2>>(), // Q6_K
        Of<Coded<Quants4<NonLinearCode>, NonLinearCode>, HalfScales<Count1>>(), // IQ4_NL
        Of<Coded<Quants4<NonLinearCode>, NonLinearCode>, SuperBlockScales<Count1>>(), // IQ4_XS
        Of<Quants1<PlusMinus>, HalfScales<Count4>>(), // Q1_0
        Of<Quants2<TernaryCode>, HalfScales<Count2>>(), // Q2_0
        Of<Quants2<TernaryCode>, HalfScales<Count4>>(), // I2_S
        Of<Quants2<TernaryCode>, HalfScales<Count8>>(), // TQ1_0, TQ2_0
        Of<Quants2<Unsigned2>, NibbleMinScales>(), // Q2_K
        Of<Quants3<Centered3>, SuperBlockScales<Count2>>(), // Q3_K
        Of<Coded<Quants4<Float4Code>, Float4Code>, ExponentScales>(), // MXFP4
        Of<Coded<Quants4<Float4Code>, Float4Code>, MiniFloatScales>(), // NVFP4
        Of<Quants2<Unsigned2>, EighthScales>(), // IQ1_S
        Of<ShiftedQuants2<ShiftedTernary>, ShiftedNibbleScales>(), // IQ1_M
        Of<Coded<Quants3<Grid2Code>, Grid2Code>, NibbleScales<Count1>>(), // IQ2_XXS
        Of<Coded<Quants3<Grid2Code>, Grid2Code>, NibbleScales<Count2>>(), // IQ2_XS, IQ2_S
        Of<Coded<Quants4<Grid3Code>, Grid3Code>, NibbleScales<Count1>>(), // IQ3_XXS
        Of<DoubledQuants4<OddCode>, NibbleScales<Count1>>(), // IQ3_S
    ];

    /// <summary>The layout of a format.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No layout here has that shape.</exception>
    public static PackedLayout Find(QuantShape shape) => All.FirstOrDefault(layout => layout.Shape == shape)
        ?? throw new ArgumentOutOfRangeException(nameof(shape), shape, "no layout has this shape; add it here");

    private static PackedLayout<TQuants, TScales> Of<TQuants, TScales>()
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales => PackedLayout<TQuants, TScales>.Instance;
}
