using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>Steps of quantizers over eight weights at a time.</summary>
internal static class Roundings
{
    /// <summary>Rounds to the nearest integer, ties away from zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AwayFromZero(Vector256<float> x)
    {
        Vector256<float> whole = Vector256.Truncate(x);
        Vector256<float> isHalf = Vector256.GreaterThanOrEqual(Vector256.Abs(x - whole), Vector256.Create(0.5f));
        return whole + (isHalf & (Vector256<float>.One | (x & Vector256.Create(-0f))));
    }

    /// <summary>Stores eight integers of -128..127 as bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<int> integers, Span<byte> bytes)
    {
        Vector128<short> shorts = Vector128.NarrowWithSaturation(integers.GetLower(), integers.GetUpper());
        Vector128.NarrowWithSaturation(shorts, shorts).GetLower().AsByte().CopyTo(bytes);
    }
}
