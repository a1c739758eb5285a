using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>f16 d for 32 columns: d[n][16].</summary>
internal readonly unsafe struct HalfScales : IPanelScales
{
    public static ScaleKind Kind => ScaleKind.Half;

    public static int Scales => 1;

    public static bool IsSuperBlock => false;

    public static bool IsEmitted => true;

    public static int BlockBytes => 2 * PackedLayout.PanelRows;

    public static int Bytes(int blocks) => blocks * BlockBytes;

    public static void Pack(in BlockScales scales, byte* strip, int b, int r) =>
        ((ushort*)strip)[(b * PackedLayout.PanelRows) + r] = scales.D;

    public static float Scale(byte* strip, int b, int h, int r, float unit) =>
        HalfBits.ToSingle(((ushort*)strip)[(b * PackedLayout.PanelRows) + r]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripScales<TVector> Begin<TIsa, TVector>(byte* strip, int row, float unit)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => new(default, default, strip + (2 * row));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Scale<TIsa, TVector>(in StripScales<TVector> scales, nint b, int h)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => TIsa.LoadHalves(scales.Place + (2 * b * PackedLayout.PanelRows));

    public static void WriteScale(IScaleCode code, int h) => code.LoadHalves(0);
}

/// <summary>f16 d for several blocks of 32 columns: d[ceil(n / blocks)][16].</summary>
internal readonly unsafe struct WideHalfScales<TSpan> : IPanelScales
    where TSpan : struct, IScaleSpan
{
    public static ScaleKind Kind => TSpan.Kind;

    public static int Scales => 1;

    public static bool IsSuperBlock => TSpan.Blocks == PackedLayout.StripBlocks;

    public static int Bytes(int blocks) => (blocks + TSpan.Blocks - 1) / TSpan.Blocks * 2 * PackedLayout.PanelRows;

    public static void Pack(in BlockScales scales, byte* strip, int b, int r) =>
        ((ushort*)strip)[(b / TSpan.Blocks * PackedLayout.PanelRows) + r] = scales.D;

    public static float Scale(byte* strip, int b, int h, int r, float unit) =>
        HalfBits.ToSingle(((ushort*)strip)[(b / TSpan.Blocks * PackedLayout.PanelRows) + r]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripScales<TVector> Begin<TIsa, TVector>(byte* strip, int row, float unit)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => new(
        TSpan.Blocks == PackedLayout.StripBlocks ? TIsa.LoadHalves(strip + (2 * row)) : default, default, strip + (2 * row));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Scale<TIsa, TVector>(in StripScales<TVector> scales, nint b, int h)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => TSpan.Blocks == PackedLayout.StripBlocks
        ? scales.D
        : TIsa.LoadHalves(scales.Place + ((nint)((nuint)b / (nuint)TSpan.Blocks) * 2 * PackedLayout.PanelRows));
}

/// <summary>How many blocks of 32 columns have one scale.</summary>
internal interface IScaleSpan
{
    static abstract int Blocks { get; }

    static abstract ScaleKind Kind { get; }
}

/// <summary>64 columns.</summary>
internal readonly struct Span64 : IScaleSpan
{
    public static int Blocks => 2;

    public static ScaleKind Kind => ScaleKind.Half64;
}

/// <summary>128 columns.</summary>
internal readonly struct Span128 : IScaleSpan
{
    public static int Blocks => 4;

    public static ScaleKind Kind => ScaleKind.Half128;
}

/// <summary>256 columns.</summary>
internal readonly struct Span256 : IScaleSpan
{
    public static int Blocks => 8;

    public static ScaleKind Kind => ScaleKind.Half256;
}

/// <summary>f16 d and m for 32 columns: {d[16], m[16]}[n].</summary>
internal readonly unsafe struct HalfAndMinScales : IPanelScales
{
    private const int Rows = PackedLayout.PanelRows;

    public static ScaleKind Kind => ScaleKind.HalfAndMin;

    public static int Scales => 1;

    public static int Mins => 1;

    public static bool IsSuperBlock => false;

    public static bool IsEmitted => true;

    public static int BlockBytes => 4 * Rows;

    public static int Bytes(int blocks) => blocks * BlockBytes;

    public static bool AreFinite(in BlockScales scales) => HalfBits.IsFinite(scales.D) && HalfBits.IsFinite(scales.Min);

    public static void Pack(in BlockScales scales, byte* strip, int b, int r)
    {
        ushort* half = (ushort*)strip + r;
        half[2 * b * Rows] = scales.D;
        half[((2 * b) + 1) * Rows] = scales.Min;
    }

    public static float Scale(byte* strip, int b, int h, int r, float unit) => HalfBits.ToSingle(((ushort*)strip)[(2 * b * Rows) + r]);

    public static float Min(byte* strip, int b, int r) => HalfBits.ToSingle(((ushort*)strip)[(((2 * b) + 1) * Rows) + r]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripScales<TVector> Begin<TIsa, TVector>(byte* strip, int row, float unit)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => new(default, default, strip + (2 * row));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Scale<TIsa, TVector>(in StripScales<TVector> scales, nint b, int h)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => TIsa.LoadHalves(scales.Place + (4 * b * Rows));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Min<TIsa, TVector>(in StripScales<TVector> scales, nint b)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => TIsa.LoadHalves(scales.Place + (((4 * b) + 2) * Rows));

    public static void WriteScale(IScaleCode code, int h) => code.LoadHalves(0);

    public static void WriteMin(IScaleCode code) => code.LoadHalves(2 * Rows);
}
