using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Vector;
using static EdgeRuntime.Kernels.Panels.PackedLayout;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>
/// f16 d for 256 columns, 4-bit sc for 32 or for 16 (a TCount of 1 or 2): d[16], byte pair[4 or 8][16] with the first of two scales in the
/// low nibble: those of an even block and of the odd one behind it, or those of a block. The scale is d * (2 sc + 1) * unit.
/// </summary>
internal readonly unsafe struct NibbleScales<TCount> : IPanelScales
    where TCount : unmanaged
{
    public static ScaleKind Kind => sizeof(TCount) == 2 ? ScaleKind.Nibbles16 : ScaleKind.Nibbles32;

    public static int Scales => sizeof(TCount);

    public static int Bytes(int blocks) => (2 + (sizeof(TCount) * StripBlocks / 2)) * PanelRows;

    public static void Pack(in BlockScales scales, byte* strip, int b, int r)
    {
        ((ushort*)strip)[r] = scales.D;
        for (int i = 0; i < sizeof(TCount) * StripBlocks / 2; i++)
        {
            strip[((2 + i) * PanelRows) + r] = (byte)(scales.SubBlocks[2 * i] | (scales.SubBlocks[(2 * i) + 1] << 4));
        }
    }

    public static float Scale(byte* strip, int b, int h, int r, float unit)
    {
        int i = (sizeof(TCount) * b) + h;
        return HalfBits.ToSingle(((ushort*)strip)[r]) * unit * ((2 * ((strip[((2 + (i / 2)) * PanelRows) + r] >> (i % 2 * 4)) & 15)) + 1);
    }

    /// <remarks>d and twice d, so that d * (2 sc + 1) is one operation; no product here rounds.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripScales<TVector> Begin<TIsa, TVector>(byte* strip, int row, float unit)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct
    {
        TVector d = TIsa.LoadHalves(strip + (2 * row));
        return new(TIsa.Multiply(d, TIsa.Broadcast(unit)), TIsa.Multiply(d, TIsa.Broadcast(2 * unit)), strip + (2 * PanelRows) + row);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Scale<TIsa, TVector>(in StripScales<TVector> scales, nint b, int h)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => sizeof(TCount) == 2
        ? TIsa.MultiplyAdd(scales.Min, TIsa.LoadNibbles(scales.Place + (b * PanelRows), h * 4), scales.D)
        : TIsa.MultiplyAdd(scales.Min, TIsa.LoadNibbles(scales.Place + ((b >> 1) * PanelRows), (int)(b & 1) * 4), scales.D);
}

/// <summary>
/// As <see cref="NibbleScales{TCount}"/> for 16 columns, and then byte shift[8][16]: bit i for the shift of columns 8 i .. 8 i + 7 of a
/// block.
/// </summary>
internal readonly unsafe struct ShiftedNibbleScales : IPanelScales
{
    public static ScaleKind Kind => ScaleKind.Nibbles16Shifts;

    public static int Scales => 2;

    public static int Bytes(int blocks) => (2 + (2 * StripBlocks)) * PanelRows;

    public static void Pack(in BlockScales scales, byte* strip, int b, int r)
    {
        NibbleScales<Count2>.Pack(in scales, strip, b, r);
        for (int i = 0; i < StripBlocks; i++)
        {
            strip[((2 + StripBlocks + i) * PanelRows) + r] = (byte)(scales.Shifts >> (4 * i) & 15);
        }
    }

    public static float Scale(byte* strip, int b, int h, int r, float unit) => NibbleScales<Count2>.Scale(strip, b, h, r, unit);

    public static int ShiftBits(byte* strip, int b, int r) => strip[((2 + StripBlocks + b) * PanelRows) + r];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static StripScales<TVector> IPanelScales.Begin<TIsa, TVector>(byte* strip, int row, float unit) =>
        NibbleScales<Count2>.Begin<TIsa, TVector>(strip, row, unit);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelScales.Scale<TIsa, TVector>(in StripScales<TVector> scales, nint b, int h) =>
        NibbleScales<Count2>.Scale<TIsa, TVector>(in scales, b, h);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelScales.Shifts<TIsa, TVector>(byte* strip, int row, nint b) =>
        TIsa.Spread(strip + ((2 + StripBlocks + b) * PanelRows) + row);
}

/// <summary>
/// f16 d for 256 columns, and for 32 a byte with the 4-bit scale below and eighths of the minimum, 7 or 9, above: d[16], byte pair[8][16].
/// The scale is d * sc, the minimum -d / 8 * sc * eighths.
/// </summary>
internal readonly unsafe struct EighthScales : IPanelScales
{
    public static ScaleKind Kind => ScaleKind.Eighths;

    public static int Mins => 1;

    public static int Bytes(int blocks) => (2 + StripBlocks) * PanelRows;

    public static void Pack(in BlockScales scales, byte* strip, int b, int r) =>
        SuperBlockScales<Count1>.Pack(in scales, strip, b, r);

    public static float Scale(byte* strip, int b, int h, int r, float unit) =>
        HalfBits.ToSingle(((ushort*)strip)[r]) * (strip[((2 + b) * PanelRows) + r] & 15);

    public static float Min(byte* strip, int b, int r) => Scale(strip, b, 0, r, 1) * (-1 / 8f) * (strip[((2 + b) * PanelRows) + r] >> 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static StripScales<TVector> IPanelScales.Begin<TIsa, TVector>(byte* strip, int row, float unit)
    {
        TVector d = TIsa.LoadHalves(strip + (2 * row));
        return new(d, TIsa.Multiply(d, TIsa.Broadcast(-1 / 8f)), strip + (2 * PanelRows) + row);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelScales.Scale<TIsa, TVector>(in StripScales<TVector> scales, nint b, int h) =>
        TIsa.Multiply(scales.D, TIsa.LoadNibbles(scales.Place + (b * PanelRows), 0));

    /// <remarks>No product here rounds.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelScales.Min<TIsa, TVector>(in StripScales<TVector> scales, nint b)
    {
        byte* place = scales.Place + (b * PanelRows);
        return TIsa.Multiply(TIsa.Multiply(scales.Min, TIsa.LoadNibbles(place, 0)), TIsa.LoadNibbles(place, 4));
    }
}

/// <summary>
/// f16 d and dmin for 256 columns, and for 16 a byte with the 4-bit scale below and the 4-bit minimum above: d[16], dmin[16], byte
/// pair[16][16].
/// </summary>
internal readonly unsafe struct NibbleMinScales : IPanelScales
{
    public static ScaleKind Kind => ScaleKind.NibbleMins16;

    public static int Scales => 2;

    public static int Mins => 2;

    public static int Bytes(int blocks) => (4 + (2 * StripBlocks)) * PanelRows;

    public static void Pack(in BlockScales scales, byte* strip, int b, int r) => SuperBlockMinScales.Pack(in scales, strip, b, r);

    public static float Scale(byte* strip, int b, int h, int r, float unit) =>
        HalfBits.ToSingle(((ushort*)strip)[r]) * (Pair(strip, b, h, r) & 15);

    public static float Min(byte* strip, int b, int r) => -HalfBits.ToSingle(((ushort*)strip)[PanelRows + r]);

    public static int MinPair(byte* strip, int b, int r) => (Pair(strip, b, 0, r) >> 4) | (Pair(strip, b, 1, r) >> 4 << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static StripScales<TVector> IPanelScales.Begin<TIsa, TVector>(byte* strip, int row, float unit) => new(
        TIsa.LoadHalves(strip + (2 * row)),
        TIsa.Multiply(TIsa.LoadHalves(strip + (2 * (PanelRows + row))), TIsa.Broadcast(-1)),
        strip + (4 * PanelRows) + row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelScales.Scale<TIsa, TVector>(in StripScales<TVector> scales, nint b, int h) =>
        TIsa.Multiply(scales.D, TIsa.LoadNibbles(scales.Place + (((2 * b) + h) * PanelRows), 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelScales.Min<TIsa, TVector>(in StripScales<TVector> scales, nint b) => scales.Min;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelScales.MinPairs<TIsa, TVector>(in StripScales<TVector> scales, nint b) =>
        TIsa.LoadHighNibblePairs(scales.Place + (2 * b * PanelRows), scales.Place + (((2 * b) + 1) * PanelRows));

    private static int Pair(byte* strip, int b, int h, int r) => strip[((4 + (2 * b) + h) * PanelRows) + r];
}
