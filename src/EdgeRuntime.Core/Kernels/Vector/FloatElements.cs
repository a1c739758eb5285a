using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>Elements in memory that are loaded as lanes of floats.</summary>
internal unsafe interface ILaneSource
{
    /// <summary>Bytes of an element.</summary>
    static abstract int ElementBytes { get; }

    /// <summary>Loads one element for each lane, exactly.</summary>
    static abstract TLanes Load<TLanes>(byte* source)
        where TLanes : struct, ILanes<TLanes>;

    /// <summary>Prefetches the line of elements that are loaded later, if they come from memory.</summary>
    static virtual void Prefetch(byte* source)
    {
    }
}

/// <summary>A float type of elements.</summary>
internal unsafe interface IFloatElement : ILaneSource
{
    /// <summary>Stores numbers, each rounded to the nearest element, ties to even.</summary>
    /// <param name="source">[count].</param>
    /// <param name="destination">[count] elements.</param>
    /// <param name="count">Numbers.</param>
    static abstract void Store(float* source, byte* destination, int count);
}

/// <summary>F32.</summary>
internal readonly unsafe struct Float32Element : IFloatElement
{
    public static int ElementBytes => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(byte* source)
        where TLanes : struct, ILanes<TLanes> => TLanes.Load((float*)source);

    public static void Store(float* source, byte* destination, int count) =>
        new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(destination, count));
}

/// <summary>F16: finite IEEE halves. Numbers beyond +-65504, infinities and NaN are stored as +-65504.</summary>
internal readonly unsafe struct HalfElement : IFloatElement, IFloat16Rounding
{
    private const int LargestHalf = 0x477fe000; // 65504
    private const int SmallestNormalHalf = 0x38800000; // 2^-14

    public static int ElementBytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(byte* source)
        where TLanes : struct, ILanes<TLanes> => TLanes.LoadHalf((ushort*)source);

    public static void Store(float* source, byte* destination, int count) =>
        HalfConvert.Store<HalfElement>(source, (ushort*)destination, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Round(Vector128<float> value)
    {
        Vector128<int> bits = value.AsInt32();
        Vector128<int> sign = (bits >>> 16) & Vector128.Create(0x8000);
        Vector128<int> magnitude = Vector128.Min(bits & Vector128.Create(0x7fffffff), Vector128.Create(LargestHalf));
        // Normal: change the bias, add half of the last place (a little less when the last bit is even), truncate.
        Vector128<int> odd = (magnitude >>> 13) & Vector128<int>.One;
        Vector128<int> normal = (magnitude + Vector128.Create(0xfff - (112 << 23)) + odd) >>> 13;
        // Subnormal: in 0.5 + x the last place is worth 2^-24, as in the half.
        Vector128<int> subnormal = (magnitude.AsSingle() + Vector128.Create(0.5f)).AsInt32() - Vector128.Create(0x3f000000);
        return sign | Vector128.ConditionalSelect(
            Vector128.LessThan(magnitude, Vector128.Create(SmallestNormalHalf)), subnormal, normal);
    }
}

/// <summary>BF16: the upper half of a float. NaN stays NaN.</summary>
internal readonly unsafe struct BFloat16Element : IFloatElement, IFloat16Rounding
{
    public static int ElementBytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(byte* source)
        where TLanes : struct, ILanes<TLanes> => TLanes.LoadBFloat16((ushort*)source);

    public static void Store(float* source, byte* destination, int count) =>
        HalfConvert.Store<BFloat16Element>(source, (ushort*)destination, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Round(Vector128<float> value)
    {
        Vector128<int> bits = value.AsInt32();
        Vector128<int> rounded = (bits + Vector128.Create(0x7fff) + ((bits >>> 16) & Vector128<int>.One)) >>> 16;
        return Vector128.ConditionalSelect(Vector128.Equals(value, value).AsInt32(), rounded, (bits >>> 16) | Vector128.Create(0x40));
    }
}

/// <summary>Elements that are read once: those of the next product are prefetched.</summary>
internal readonly unsafe struct Streamed<TElement> : ILaneSource
    where TElement : struct, ILaneSource
{
    public static int ElementBytes => TElement.ElementBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(byte* source)
        where TLanes : struct, ILanes<TLanes> => TElement.Load<TLanes>(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* source) => Vector.Prefetch.Line(source);
}
