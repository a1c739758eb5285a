using System;
using System.Runtime.CompilerServices;

namespace EdgeRuntime.Formats;

/// <summary>float16 as its 16 bits.</summary>
internal static class HalfBits
{
    // 2^112: moves the exponent of float16 (bias 15) to that of float32 (bias 127); exact for denormals too.
    private const float Rebias = 5.192296858534828e33f;

    /// <summary>The value, exact. (A cast from <see cref="Half"/> is a slow call.)</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort bits) => IsFinite(bits)
        ? BitConverter.Int32BitsToSingle(((short)bits << 13) & unchecked((int)0x8fffe000)) * Rebias
        : (float)BitConverter.UInt16BitsToHalf(bits);

    /// <summary>Whether the bits are neither infinity nor NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsFinite(ushort bits) => (bits & FloatExponents.F16) != FloatExponents.F16;

    /// <summary>The nearest float16, ties to even, as IEEE 754 says.</summary>
    public static ushort FromSingle(float value) => BitConverter.HalfToUInt16Bits((Half)value);
}
