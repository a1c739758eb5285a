using System.Runtime.CompilerServices;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>One of the two 16-bit formats, as a type.</summary>
internal unsafe interface IFloat16Format
{
    static abstract void Convert(float* source, ushort* destination, int count);

    static abstract TLanes Load<TLanes>(ushort* source)
        where TLanes : struct, ILanes<TLanes>;
}

/// <summary>F16: IEEE half.</summary>
internal readonly unsafe struct HalfFormat : IFloat16Format
{
    public static void Convert(float* source, ushort* destination, int count) => HalfConvert.ToHalf(source, destination, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(ushort* source)
        where TLanes : struct, ILanes<TLanes> => TLanes.LoadHalf(source);
}

/// <summary>BF16: the upper half of a float.</summary>
internal readonly unsafe struct BFloat16Format : IFloat16Format
{
    public static void Convert(float* source, ushort* destination, int count) => HalfConvert.ToBFloat16(source, destination, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(ushort* source)
        where TLanes : struct, ILanes<TLanes> => TLanes.LoadBFloat16(source);
}

/// <summary>F16 and BF16: keys [keyLength][16] a panel, values [valueLanes] a row, two bytes each.</summary>
internal readonly unsafe struct KvFloat16<TFormat> : IKvElement
    where TFormat : struct, IFloat16Format
{
    private const int ConvertAtOnce = 64;

    public static bool IsFloat => false;

    public static bool IsElementwise => true;

    public static int ElementBytes => sizeof(ushort);

    public static int KeyPanelBytes(int keyLength) => keyLength * KvLayout.PanelPositions * sizeof(ushort);

    public static int ValueRowBytes(int valueLength) => KvLayout.ValueLanes(valueLength) * sizeof(ushort);

    public static void StoreKey(byte* panel, int lane, float* key, int keyLength)
    {
        ushort* converted = stackalloc ushort[ConvertAtOnce];
        ushort* destination = (ushort*)panel + lane;
        for (int first = 0; first < keyLength; first += ConvertAtOnce)
        {
            int count = int.Min(ConvertAtOnce, keyLength - first);
            TFormat.Convert(key + first, converted, count);
            for (int i = 0; i < count; i++)
            {
                destination[(first + i) * KvLayout.PanelPositions] = converted[i];
            }
        }
    }

    public static void StoreValue(byte* row, float* value, int valueLength) => TFormat.Convert(value, (ushort*)row, valueLength);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(byte* source)
        where TLanes : struct, ILanes<TLanes>
    {
        Prefetch.Ahead(source);
        return TFormat.Load<TLanes>((ushort*)source);
    }

    public static void ExpandKeys<TLanes>(byte* panel, int keyLength, float* keys)
        where TLanes : struct, ILanes<TLanes> => Expand<TLanes>((ushort*)panel, keyLength * KvLayout.PanelPositions, keys);

    public static void ExpandValues<TLanes>(byte* values, int rows, int valueLength, float* expanded)
        where TLanes : struct, ILanes<TLanes> => Expand<TLanes>((ushort*)values, rows * KvLayout.ValueLanes(valueLength), expanded);

    /// <param name="source">[count].</param>
    /// <param name="count">A multiple of 16.</param>
    /// <param name="expanded">[count].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Expand<TLanes>(ushort* source, nint count, float* expanded)
        where TLanes : struct, ILanes<TLanes>
    {
        for (nint i = 0; i < count; i += TLanes.Count)
        {
            Prefetch.Ahead(source + i);
            TLanes.Store(TFormat.Load<TLanes>(source + i), expanded + i);
        }
    }
}
