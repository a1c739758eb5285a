using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;
using static EdgeRuntime.Kernels.Panels.PackedLayout;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>
/// f16 d and dmin for 256 columns, unsigned scales and minima for 32: d[16], dmin[16], byte scale[8][16], byte min[8][16].
/// </summary>
internal readonly unsafe struct SuperBlockMinScales : IPanelScales
{
    public static ScaleKind Kind => ScaleKind.SuperBlockMins;

    public static int Mins => 1;

    public static bool IsEmitted => true;

    public static int StripBytes => 4 * PanelRows;

    public static int BlockBytes => PanelRows;

    public static int Bytes(int blocks) => StripBytes + (2 * StripBlocks * PanelRows);

    public static void Pack(in BlockScales scales, byte* strip, int b, int r)
    {
        ((ushort*)strip)[r] = scales.D;
        ((ushort*)strip)[PanelRows + r] = scales.Min;
        SubBlocks.Pack(scales.SubBlocks, 2 * StripBlocks, strip + StripBytes + r);
    }

    public static float Scale(byte* strip, int b, int h, int r, float unit) =>
        HalfBits.ToSingle(((ushort*)strip)[r]) * strip[StripBytes + (b * PanelRows) + r];

    public static float Min(byte* strip, int b, int r) =>
        -(HalfBits.ToSingle(((ushort*)strip)[PanelRows + r]) * strip[StripBytes + ((StripBlocks + b) * PanelRows) + r]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static StripScales<TVector> IPanelScales.Begin<TIsa, TVector>(byte* strip, int row, float unit) => new(
        TIsa.LoadHalves(strip + (2 * row)),
        TIsa.Multiply(TIsa.LoadHalves(strip + (2 * (PanelRows + row))), TIsa.Broadcast(-1)),
        strip + (4 * PanelRows) + row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelScales.Scale<TIsa, TVector>(in StripScales<TVector> scales, nint b, int h) =>
        TIsa.Multiply(scales.D, TIsa.LoadBytes(scales.Place + (b * PanelRows)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelScales.Min<TIsa, TVector>(in StripScales<TVector> scales, nint b) =>
        TIsa.Multiply(scales.Min, TIsa.LoadBytes(scales.Place + ((StripBlocks + b) * PanelRows)));

    public static void WriteScale(IScaleCode code, int h)
    {
        code.LoadBytes(0);
        code.MultiplyByStrip(0);
    }

    public static void WriteMin(IScaleCode code)
    {
        code.LoadBytes(StripBlocks * PanelRows);
        code.MultiplyByStrip(2 * PanelRows);
        code.Negate();
    }
}

/// <summary>f16 d for 256 columns, signed scales for 32 or for 16 (a TCount of 1 or 2): d[16], sbyte scale[8 or 16][16].</summary>
internal readonly unsafe struct SuperBlockScales<TCount> : IPanelScales
    where TCount : unmanaged
{
    public static ScaleKind Kind => sizeof(TCount) == 2 ? ScaleKind.SuperBlock16 : ScaleKind.SuperBlock32;

    public static int Scales => sizeof(TCount);

    public static bool IsEmitted => true;

    public static int StripBytes => 2 * PanelRows;

    public static int BlockBytes => sizeof(TCount) * PanelRows;

    public static int Bytes(int blocks) => StripBytes + (StripBlocks * BlockBytes);

    public static void Pack(in BlockScales scales, byte* strip, int b, int r)
    {
        ((ushort*)strip)[r] = scales.D;
        SubBlocks.Pack(scales.SubBlocks, sizeof(TCount) * StripBlocks, strip + StripBytes + r);
    }

    public static float Scale(byte* strip, int b, int h, int r, float unit) =>
        HalfBits.ToSingle(((ushort*)strip)[r]) * ((sbyte*)strip)[StripBytes + (((sizeof(TCount) * b) + h) * PanelRows) + r];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static StripScales<TVector> IPanelScales.Begin<TIsa, TVector>(byte* strip, int row, float unit) =>
        new(TIsa.LoadHalves(strip + (2 * row)), default, strip + (2 * PanelRows) + row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelScales.Scale<TIsa, TVector>(in StripScales<TVector> scales, nint b, int h) =>
        TIsa.Multiply(scales.D, TIsa.LoadSignedBytes(scales.Place + (((sizeof(TCount) * b) + (sizeof(TCount) == 1 ? 0 : h)) * PanelRows)));

    public static void WriteScale(IScaleCode code, int h)
    {
        code.LoadSignedBytes(h * PanelRows);
        code.MultiplyByStrip(0);
    }
}

/// <summary>Packs what a super-block has a byte each of.</summary>
internal static unsafe class SubBlocks
{
    /// <summary>A byte a line of the panel.</summary>
    public static void Pack(in Bytes16 bytes, int count, byte* destination)
    {
        for (int i = 0; i < count; i++)
        {
            destination[i * PanelRows] = bytes[i];
        }
    }
}
