using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;
using static EdgeRuntime.Kernels.Panels.PackedLayout;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>f16 d for one or several blocks of 32 columns, the size of TSpan: d[ceil(n / blocks)][16].</summary>
internal readonly unsafe struct HalfScales<TSpan> : IPanelScales
    where TSpan : unmanaged
{
    public static ScaleKind Kind => sizeof(TSpan) switch
    {
        1 => ScaleKind.Half,
        2 => ScaleKind.Half64,
        4 => ScaleKind.Half128,
        _ => ScaleKind.Half256,
    };

    public static bool IsSuperBlock => sizeof(TSpan) == StripBlocks;

    public static bool IsEmitted => sizeof(TSpan) == 1;

    public static int BlockBytes => 2 * PanelRows;

    public static int Bytes(int blocks) => (blocks + sizeof(TSpan) - 1) / sizeof(TSpan) * BlockBytes;

    public static void Pack(in BlockScales scales, byte* strip, int b, int r) =>
        ((ushort*)strip)[(b / sizeof(TSpan) * PanelRows) + r] = scales.D;

    public static float Scale(byte* strip, int b, int h, int r, float unit) =>
        HalfBits.ToSingle(((ushort*)strip)[(b / sizeof(TSpan) * PanelRows) + r]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static StripScales<TVector> IPanelScales.Begin<TIsa, TVector>(byte* strip, int row, float unit) => new(
        sizeof(TSpan) == StripBlocks ? TIsa.LoadHalves(strip + (2 * row)) : default, default, strip + (2 * row));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelScales.Scale<TIsa, TVector>(in StripScales<TVector> scales, nint b, int h) =>
        sizeof(TSpan) == StripBlocks
            ? scales.D
            : TIsa.LoadHalves(scales.Place + ((nint)((nuint)b / (nuint)sizeof(TSpan)) * 2 * PanelRows));

    public static void WriteScale(IScaleCode code, int h) => code.LoadHalves(0);
}

/// <summary>f16 d and m for 32 columns: {d[16], m[16]}[n].</summary>
internal readonly unsafe struct HalfAndMinScales : IPanelScales
{
    public static ScaleKind Kind => ScaleKind.HalfAndMin;

    public static int Mins => 1;

    public static bool IsSuperBlock => false;

    public static bool IsEmitted => true;

    public static int BlockBytes => 4 * PanelRows;

    public static int Bytes(int blocks) => blocks * BlockBytes;

    public static void Pack(in BlockScales scales, byte* strip, int b, int r)
    {
        ushort* half = (ushort*)strip + r;
        half[2 * b * PanelRows] = scales.D;
        half[((2 * b) + 1) * PanelRows] = scales.Min;
    }

    public static float Scale(byte* strip, int b, int h, int r, float unit) => HalfBits.ToSingle(((ushort*)strip)[(2 * b * PanelRows) + r]);

    public static float Min(byte* strip, int b, int r) => HalfBits.ToSingle(((ushort*)strip)[(((2 * b) + 1) * PanelRows) + r]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static StripScales<TVector> IPanelScales.Begin<TIsa, TVector>(byte* strip, int row, float unit) =>
        new(default, default, strip + (2 * row));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelScales.Scale<TIsa, TVector>(in StripScales<TVector> scales, nint b, int h) =>
        TIsa.LoadHalves(scales.Place + (4 * b * PanelRows));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelScales.Min<TIsa, TVector>(in StripScales<TVector> scales, nint b) =>
        TIsa.LoadHalves(scales.Place + (((4 * b) + 2) * PanelRows));

    public static void WriteScale(IScaleCode code, int h) => code.LoadHalves(0);

    public static void WriteMin(IScaleCode code) => code.LoadHalves(2 * PanelRows);
}
