using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>Rounding to a 16-bit float type.</summary>
internal interface IFloat16Rounding
{
    /// <summary>Rounds to the nearest, ties to even; the lower 16 bits of each lane are the result.</summary>
    static abstract Vector128<int> Round(Vector128<float> value);
}

/// <summary>
/// Conversions between float32 and the 16-bit float types. .NET 10 has no F16C intrinsics, and <c>(Half)x</c> is a slow call;
/// integer arithmetic on four lanes works on any machine.
/// </summary>
internal static unsafe class HalfConvert
{
    /// <summary>2^112: from the exponent bias of a half, 15, to that of a float, 127.</summary>
    public const float BiasScale = 5192296858534827628530496329220096f;

    /// <summary>65504 as a half.</summary>
    public const ushort LargestHalfBits = 0x7bff;

    /// <summary>Stores numbers in a 16-bit float type.</summary>
    public static void Store<TElement>(float* source, ushort* destination, int count)
        where TElement : struct, IFloat16Rounding
    {
        int i = 0;
        for (; i <= count - 4; i += 4)
        {
            Vector128<uint> bits = TElement.Round(Vector128.Load(source + i)).AsUInt32();
            Vector128.Narrow(bits, bits).GetLower().Store(destination + i);
        }

        for (; i < count; i++)
        {
            destination[i] = Convert<TElement>(source[i]);
        }
    }

    /// <summary>Converts one number to IEEE half, as <see cref="HalfElement"/>.</summary>
    public static ushort ToHalf(float value) => Convert<HalfElement>(value);

    /// <summary>Converts one finite half to float, exactly.</summary>
    public static float ToSingle(ushort half) => LanesScalar.LoadHalf(&half).Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort Convert<TElement>(float value)
        where TElement : struct, IFloat16Rounding => (ushort)TElement.Round(Vector128.CreateScalar(value)).ToScalar();
}
