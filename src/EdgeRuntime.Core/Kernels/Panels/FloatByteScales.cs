using System;
using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>An 8-bit exponent for 32 columns: byte e[n][16]. The scale is 2^(e - 127) * unit.</summary>
internal readonly unsafe struct ExponentScales : IPanelScales
{
    private const int MantissaBits = 23;

    // 2^-127, which has no exponent of its own in float32.
    private const int Least = 1 << (MantissaBits - 1);

    public static ScaleKind Kind => ScaleKind.Exponent;

    public static bool IsSuperBlock => false;

    public static int Bytes(int blocks) => blocks * PackedLayout.PanelRows;

    /// <remarks>255 is NaN.</remarks>
    public static bool AreFinite(in BlockScales scales) => scales.SubBlocks[0] != byte.MaxValue;

    public static void Pack(in BlockScales scales, byte* strip, int b, int r) =>
        strip[(b * PackedLayout.PanelRows) + r] = scales.SubBlocks[0];

    public static float Scale(byte* strip, int b, int h, int r, float unit) =>
        BitConverter.Int32BitsToSingle(Math.Max(strip[(b * PackedLayout.PanelRows) + r] << MantissaBits, Least)) * unit;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static StripScales<TVector> IPanelScales.Begin<TIsa, TVector>(byte* strip, int row, float unit) =>
        new(TIsa.Broadcast(unit), default, strip + row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelScales.Scale<TIsa, TVector>(in StripScales<TVector> scales, nint b, int h) =>
        TIsa.Multiply(TIsa.LoadFloatBits(scales.Place + (b * PackedLayout.PanelRows), MantissaBits, Least), scales.D);
}

/// <summary>
/// An <see cref="UnsignedFloat8"/> for 16 columns, with a fifth bit of exponent: byte d[2 n][16]. The scale is d * unit. The fifth bit
/// makes room for small values as normal numbers: Intel's processors take 150 cycles to multiply a vector with a subnormal one.
/// </summary>
internal readonly unsafe struct MiniFloatScales : IPanelScales
{
    private const int Left = 20;

    // Moves the exponent of a number that was normal before by three, below which the subnormal ones have room.
    private const int NormalBias = 3 << 3;

    // 2^117: moves the exponent's bias from 10 to 127.
    private const float Rebias = 1.661534994731145e35f;

    /// <summary>What stands for the values 0 to 7, in units of 2^-9.</summary>
    private static ReadOnlySpan<byte> Small => [0, 1 << 3, 2 << 3, (2 << 3) + 4, 3 << 3, (3 << 3) + 2, (3 << 3) + 4, (3 << 3) + 6];

    public static ScaleKind Kind => ScaleKind.MiniFloat16;

    public static int Scales => 2;

    public static bool IsSuperBlock => false;

    public static int Bytes(int blocks) => 2 * blocks * PackedLayout.PanelRows;

    public static bool AreFinite(in BlockScales scales) => true;

    /// <remarks>A format's block has 64 columns.</remarks>
    public static void Pack(in BlockScales scales, byte* strip, int b, int r)
    {
        for (int i = 0; i < 4; i++)
        {
            byte d = scales.SubBlocks[i];
            strip[(((2 * b) + i) * PackedLayout.PanelRows) + r] = d < Small.Length ? Small[d] : (byte)(d + NormalBias);
        }
    }

    public static float Scale(byte* strip, int b, int h, int r, float unit) =>
        BitConverter.Int32BitsToSingle(strip[(((2 * b) + h) * PackedLayout.PanelRows) + r] << Left) * (Rebias * unit);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static StripScales<TVector> IPanelScales.Begin<TIsa, TVector>(byte* strip, int row, float unit) =>
        new(TIsa.Broadcast(Rebias * unit), default, strip + row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TVector IPanelScales.Scale<TIsa, TVector>(in StripScales<TVector> scales, nint b, int h) =>
        TIsa.Multiply(TIsa.LoadFloatBits(scales.Place + (((2 * b) + h) * PackedLayout.PanelRows), Left, 0), scales.D);
}
