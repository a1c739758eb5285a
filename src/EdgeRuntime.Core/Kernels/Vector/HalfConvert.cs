using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>
/// float32 to the 16-bit formats, to the nearest, ties to even. .NET 10 shows no F16C, and <c>(Half)x</c> is a slow call;
/// these are four lanes of integer arithmetic on any machine.
/// </summary>
internal static unsafe class HalfConvert
{
    /// <summary>2^112: from the exponent bias of a half, 15, to that of a float, 127.</summary>
    public const float BiasScale = 5192296858534827628530496329220096f;

    /// <summary>65504 as a half.</summary>
    public const ushort LargestHalfBits = 0x7bff;

    private const int LargestHalf = 0x477fe000; // 65504
    private const int SmallestNormalHalf = 0x38800000; // 2^-14

    /// <summary>To IEEE half. What lies beyond +-65504, infinities and NaN included, becomes +-65504.</summary>
    public static void ToHalf(float* source, ushort* destination, int count)
    {
        int i = 0;
        for (; i <= count - 4; i += 4)
        {
            Vector128<int> bits = ToHalf(Vector128.Load(source + i));
            Vector128.Narrow(bits.AsUInt32(), bits.AsUInt32()).GetLower().Store(destination + i);
        }

        for (; i < count; i++)
        {
            destination[i] = ToHalf(source[i]);
        }
    }

    /// <summary>To bfloat16. NaN stays NaN.</summary>
    public static void ToBFloat16(float* source, ushort* destination, int count)
    {
        int i = 0;
        for (; i <= count - 4; i += 4)
        {
            Vector128<int> bits = ToBFloat16(Vector128.Load(source + i));
            Vector128.Narrow(bits.AsUInt32(), bits.AsUInt32()).GetLower().Store(destination + i);
        }

        for (; i < count; i++)
        {
            destination[i] = (ushort)ToBFloat16(Vector128.CreateScalar(source[i])).ToScalar();
        }
    }

    /// <summary>One number to IEEE half, as <see cref="ToHalf(float*, ushort*, int)"/>.</summary>
    public static ushort ToHalf(float value) => (ushort)ToHalf(Vector128.CreateScalar(value)).ToScalar();

    /// <summary>One finite half to float, exactly.</summary>
    public static float ToSingle(ushort half)
    {
        float result;
        LanesScalar.Store(LanesScalar.LoadHalf(&half), &result);
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> ToHalf(Vector128<float> value)
    {
        Vector128<int> bits = value.AsInt32();
        Vector128<int> sign = (bits >>> 16) & Vector128.Create(0x8000);
        Vector128<int> magnitude = Vector128.Min(bits & Vector128.Create(0x7fffffff), Vector128.Create(LargestHalf));
        // Normal: move the bias, add half of the last place (a little less when the last bit is even), cut.
        Vector128<int> odd = (magnitude >>> 13) & Vector128<int>.One;
        Vector128<int> normal = (magnitude + Vector128.Create(0xfff - (112 << 23)) + odd) >>> 13;
        // Subnormal: in 0.5 + x the last place is worth 2^-24, as in the half.
        Vector128<int> subnormal = (magnitude.AsSingle() + Vector128.Create(0.5f)).AsInt32() - Vector128.Create(0x3f000000);
        return sign | Vector128.ConditionalSelect(
            Vector128.LessThan(magnitude, Vector128.Create(SmallestNormalHalf)), subnormal, normal);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> ToBFloat16(Vector128<float> value)
    {
        Vector128<int> bits = value.AsInt32();
        Vector128<int> rounded = (bits + Vector128.Create(0x7fff) + ((bits >>> 16) & Vector128<int>.One)) >>> 16;
        return Vector128.ConditionalSelect(Vector128.Equals(value, value).AsInt32(), rounded, (bits >>> 16) | Vector128.Create(0x40));
    }
}
