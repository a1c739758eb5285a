using System;
using System.Runtime.CompilerServices;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>F32: keys float [keyLength][16] a panel, values float [valueLanes] a row.</summary>
internal readonly unsafe struct KvFloat32 : IKvElement
{
    public static bool IsFloat => true;

    public static bool IsElementwise => true;

    public static int ElementBytes => sizeof(float);

    public static int KeyPanelBytes(int keyLength) => keyLength * KvLayout.PanelPositions * sizeof(float);

    public static int ValueRowBytes(int valueLength) => KvLayout.ValueLanes(valueLength) * sizeof(float);

    public static void StoreKey(byte* panel, int lane, float* key, int keyLength)
    {
        float* destination = (float*)panel + lane;
        for (int i = 0; i < keyLength; i++)
        {
            destination[i * KvLayout.PanelPositions] = key[i];
        }
    }

    public static void StoreValue(byte* row, float* value, int valueLength) =>
        new ReadOnlySpan<float>(value, valueLength).CopyTo(new Span<float>(row, valueLength));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(byte* source)
        where TLanes : struct, ILanes<TLanes>
    {
        Prefetch.Ahead(source);
        return TLanes.Load((float*)source);
    }

    public static void ExpandKeys<TLanes>(byte* panel, int keyLength, float* keys)
        where TLanes : struct, ILanes<TLanes> =>
        new ReadOnlySpan<float>(panel, keyLength * KvLayout.PanelPositions).CopyTo(new Span<float>(keys, keyLength * KvLayout.PanelPositions));

    public static void ExpandValues<TLanes>(byte* values, int rows, int valueLength, float* expanded)
        where TLanes : struct, ILanes<TLanes>
    {
        int count = rows * KvLayout.ValueLanes(valueLength);
        new ReadOnlySpan<float>(values, count).CopyTo(new Span<float>(expanded, count));
    }
}
