using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>
/// Q8_0: int8 in blocks of 32 along the head with a scale d of IEEE half, x = d * q.
/// <code>
///   keys, a block of a panel, 544 bytes:   half d[16], sbyte q[32][16]
///   values, a block of a row, 34 bytes:    half d, sbyte q[32]
/// </code>
/// A half times an int8 has at most 19 bits, so d * q is exact in float. A last block that is not full is filled with zeros.
/// </summary>
internal readonly unsafe struct KvInt8 : IKvElement
{
    private const int BlockLength = 32;
    private const int KeyBlockScaleBytes = KvLayout.PanelPositions * sizeof(ushort);
    private const int KeyBlockBytes = KeyBlockScaleBytes + (BlockLength * KvLayout.PanelPositions);
    private const int ValueBlockBytes = sizeof(ushort) + BlockLength;

    public static bool IsFloat => false;

    public static bool IsElementwise => false;

    public static int ElementBytes => sizeof(sbyte);

    public static int KeyPanelBytes(int keyLength) => Blocks(keyLength) * KeyBlockBytes;

    public static int ValueRowBytes(int valueLength) => Blocks(valueLength) * ValueBlockBytes;

    public static void StoreKey(byte* panel, int lane, float* key, int keyLength)
    {
        sbyte* quants = stackalloc sbyte[BlockLength];
        for (int first = 0; first < keyLength; first += BlockLength)
        {
            ((ushort*)panel)[lane] = Quantize(key + first, int.Min(BlockLength, keyLength - first), quants);
            sbyte* destination = (sbyte*)panel + KeyBlockScaleBytes + lane;
            for (int i = 0; i < BlockLength; i++)
            {
                destination[i * KvLayout.PanelPositions] = quants[i];
            }

            panel += KeyBlockBytes;
        }
    }

    public static void StoreValue(byte* row, float* value, int valueLength)
    {
        for (int first = 0; first < valueLength; first += BlockLength)
        {
            *(ushort*)row = Quantize(value + first, int.Min(BlockLength, valueLength - first), (sbyte*)row + sizeof(ushort));
            row += ValueBlockBytes;
        }
    }

    public static TLanes Load<TLanes>(byte* source)
        where TLanes : struct, ILanes<TLanes> => throw new UnreachableException("an int8 means nothing without its block's scale");

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ExpandKeys<TLanes>(byte* panel, int keyLength, float* keys)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int first = 0; first < keyLength; first += BlockLength)
        {
            nint count = int.Min(BlockLength, keyLength - first) * KvLayout.PanelPositions;
            sbyte* quants = (sbyte*)panel + KeyBlockScaleBytes;
            for (nint lane = 0; lane < KvLayout.PanelPositions; lane += TLanes.Count)
            {
                TLanes scale = TLanes.LoadHalf((ushort*)panel + lane);
                for (nint i = lane; i < count; i += KvLayout.PanelPositions)
                {
                    Prefetch.Ahead(quants + i);
                    TLanes.Store(TLanes.Multiply(TLanes.LoadInt8(quants + i), scale), keys + i);
                }
            }

            keys += count;
            panel += KeyBlockBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ExpandValues<TLanes>(byte* values, int rows, int valueLength, float* expanded)
        where TLanes : struct, ILanes<TLanes>
    {
        int lanes = KvLayout.ValueLanes(valueLength);
        for (int row = 0; row < rows; row++)
        {
            for (int first = 0; first < lanes; first += BlockLength)
            {
                TLanes scale = TLanes.Broadcast(HalfConvert.ToSingle(*(ushort*)values));
                sbyte* quants = (sbyte*)values + sizeof(ushort);
                Prefetch.Ahead(quants);
                nint count = int.Min(BlockLength, lanes - first);
                for (nint i = 0; i < count; i += TLanes.Count)
                {
                    TLanes.Store(TLanes.Multiply(TLanes.LoadInt8(quants + i), scale), expanded + first + i);
                }

                values += ValueBlockBytes;
            }

            expanded += lanes;
        }
    }

    private static int Blocks(int length) => (length + BlockLength - 1) / BlockLength;

    /// <summary>Quantizes up to 32 numbers to 32 int8 and returns the scale, a half.</summary>
    private static ushort Quantize(float* x, int count, sbyte* quants)
    {
        float greatest = 0;
        for (int i = 0; i < count; i++)
        {
            greatest = MathF.Max(greatest, MathF.Abs(x[i]));
        }

        ushort half = HalfConvert.ToHalf(greatest / 127);
        if (HalfConvert.ToSingle(half) * 127.5f < greatest && half < HalfConvert.LargestHalfBits)
        {
            // A subnormal scale that was rounded down far: the next one up holds the greatest number.
            half++;
        }

        float scale = HalfConvert.ToSingle(half);
        float inverse = scale > 0 ? 1 / scale : 0;
        for (int i = 0; i < BlockLength; i++)
        {
            quants[i] = i < count ? (sbyte)Math.Clamp(MathF.Round(x[i] * inverse), -127, 127) : (sbyte)0;
        }

        return half;
    }
}
