using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>Converts between float32 and the 16 bits of a float16.</summary>
internal static class HalfBits
{
    // 2^112 changes the exponent bias from 15 (float16) to 127 (float32). The product is exact, for denormals too.
    private const float Rebias = 5.192296858534828e33f;

    private const float Greatest = 65504;

    // As float32 bits: 2^-14, the least normal float16; 65520, the least number that rounds to infinity; 2^-112 without its own bias.
    private const uint LeastNormal = 0x38800000;
    private const uint Overflow = 0x477ff000;
    private const uint BiasDifference = 0x38000000;

    /// <summary>Converts to float32, exactly. A cast from <see cref="Half"/> would be a slow call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort bits) => IsFinite(bits)
        ? BitConverter.Int32BitsToSingle(((short)bits << 13) & unchecked((int)0x8fffe000)) * Rebias
        : (float)BitConverter.UInt16BitsToHalf(bits);

    /// <summary>Gets whether the bits are neither an infinity nor a NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsFinite(ushort bits) => (bits & FloatExponents.F16) != FloatExponents.F16;

    /// <summary>Rounds to the nearest float16, ties to even (IEEE 754).</summary>
    public static ushort FromSingle(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        uint magnitude = bits & int.MaxValue;
        return magnitude is >= LeastNormal and < Overflow
            ? (ushort)(((bits >> 16) & 0x8000) | ((magnitude - BiasDifference + 0xfff + ((magnitude >> 13) & 1)) >> 13))
            : BitConverter.HalfToUInt16Bits((Half)value);
    }

    /// <summary>Gets whether each lane is zero or rounds to a normal float16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsZeroOrNormal(Vector256<uint> bits)
    {
        Vector256<uint> magnitude = bits & Vector256.Create((uint)int.MaxValue);
        Vector256<uint> isNormal = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(LeastNormal))
            & Vector256.LessThan(magnitude, Vector256.Create(Overflow));
        return (isNormal | Vector256.Equals(magnitude, default)) == Vector256<uint>.AllBitsSet;
    }

    /// <summary>Rounds each lane to the nearest float16; see <see cref="FromSingle"/>.</summary>
    /// <param name="values">Eight numbers.</param>
    /// <param name="bits">Receives eight float16.</param>
    public static void FromSingles(Vector256<float> values, Span<ushort> bits)
    {
        Vector256<uint> magnitude = Vector256.Abs(values).AsUInt32();
        if (IsZeroOrNormal(values.AsUInt32()))
        {
            Vector256<uint> isZero = Vector256.Equals(magnitude, default);
            Vector256<uint> sign = (values.AsUInt32() >>> 16) & Vector256.Create(0x8000u);
            Vector256<uint> isOdd = (magnitude >>> 13) & Vector256<uint>.One;
            Vector256<uint> rounded = (magnitude - Vector256.Create(BiasDifference - 0xfff) + isOdd) >>> 13;
            rounded = sign | Vector256.AndNot(rounded, isZero);
            Vector128.Narrow(rounded.GetLower(), rounded.GetUpper()).CopyTo(bits);
            return;
        }

        for (int lane = 0; lane < Vector256<float>.Count; lane++)
        {
            bits[lane] = FromSingle(values[lane]);
        }
    }

    /// <summary>Rounds to the value of the nearest finite float16, ties to even.</summary>
    public static float Round(float value) => ToSingle(FromSingle(Math.Clamp(value, -Greatest, Greatest)));

    /// <summary>Rounds each lane; see <see cref="Round(float)"/>.</summary>
    public static Vector256<float> Round(Vector256<float> values)
    {
        Vector256<uint> bits = values.AsUInt32();
        if (IsZeroOrNormal(bits))
        {
            // The sign is above all carries: what rounds to the next power of two stays below infinity.
            Vector256<uint> isOdd = (bits >>> 13) & Vector256<uint>.One;
            Vector256<uint> nearest = (bits + Vector256.Create(0xfffu) + isOdd) & Vector256.Create(~0x1fffu);
            return nearest.AsSingle();
        }

        Vector256<float> rounded = default;
        for (int lane = 0; lane < Vector256<float>.Count; lane++)
        {
            rounded = rounded.WithElement(lane, Round(values[lane]));
        }

        return rounded;
    }
}
