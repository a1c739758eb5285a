using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>
/// Q4_0: 4-bit q in blocks of 32 along the head with a scale d of IEEE half, x = d * (q - 8), rounded as in a file.
/// Elements i and i + 16 of a block share bytes.
/// <code>
///   keys, a block of a panel, 288 bytes:   half d[16], byte q[16 elements][16 positions]
///   values, a block of a row, 18 bytes:    half d, byte q[16]
/// </code>
/// A half times an integer of 4 bits is exact in float. A last block that is not full is filled with zeros.
/// </summary>
internal readonly unsafe struct KvInt4 : IKvElement
{
    private const int BlockLength = 32;
    private const int HalfLength = BlockLength / 2;
    private const int KeyBlockScaleBytes = KvLayout.PanelPositions * sizeof(ushort);
    private const int KeyBlockBytes = KeyBlockScaleBytes + (HalfLength * KvLayout.PanelPositions);
    private const int ValueBlockBytes = sizeof(ushort) + HalfLength;

    public static bool IsFloat => false;

    public static bool IsElementwise => false;

    public static int ElementBytes => throw new UnreachableException("two elements share a byte");

    public static int KeyPanelBytes(int keyLength) => Blocks(keyLength) * KeyBlockBytes;

    public static int ValueRowBytes(int valueLength) => Blocks(valueLength) * ValueBlockBytes;

    public static void StoreKey(byte* panel, int lane, float* key, int keyLength)
    {
        byte* quants = stackalloc byte[HalfLength];
        for (int first = 0; first < keyLength; first += BlockLength)
        {
            ((ushort*)panel)[lane] = Quantize(key + first, int.Min(BlockLength, keyLength - first), quants);
            byte* destination = panel + KeyBlockScaleBytes + lane;
            for (int i = 0; i < HalfLength; i++)
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
            *(ushort*)row = Quantize(value + first, int.Min(BlockLength, valueLength - first), row + sizeof(ushort));
            row += ValueBlockBytes;
        }
    }

    public static TLanes Load<TLanes>(byte* source)
        where TLanes : struct, ILanes<TLanes> => throw new UnreachableException("four bits mean nothing without their block's scale");

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ExpandKeys<TLanes>(byte* panel, int keyLength, float* keys)
        where TLanes : struct, ILanes<TLanes>
    {
        const int Positions = KvLayout.PanelPositions;
        sbyte* quants = stackalloc sbyte[2 * Positions];
        for (int first = 0; first < keyLength; first += BlockLength)
        {
            int count = int.Min(BlockLength, keyLength - first);
            byte* packed = panel + KeyBlockScaleBytes;
            for (int i = 0; i < int.Min(HalfLength, count); i++)
            {
                Prefetch.Ahead(packed);
                Unpack(packed, quants);
                Multiply<TLanes>(quants, (ushort*)panel, keys + (i * Positions));
                if (i + HalfLength < count)
                {
                    Multiply<TLanes>(quants + Positions, (ushort*)panel, keys + ((i + HalfLength) * Positions));
                }

                packed += Positions;
            }

            keys += count * Positions;
            panel += KeyBlockBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ExpandValues<TLanes>(byte* values, int rows, int valueLength, float* expanded)
        where TLanes : struct, ILanes<TLanes>
    {
        sbyte* quants = stackalloc sbyte[BlockLength];
        int lanes = KvLayout.ValueLanes(valueLength);
        for (int row = 0; row < rows; row++)
        {
            for (int first = 0; first < lanes; first += BlockLength)
            {
                Prefetch.Ahead(values);
                TLanes scale = TLanes.Broadcast(HalfConvert.ToSingle(*(ushort*)values));
                Unpack(values + sizeof(ushort), quants);
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

    /// <summary>16 bytes to q - 8 of their low halves, then of their high halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Unpack(byte* packed, sbyte* quants)
    {
        Vector128<byte> both = Vector128.Load(packed);
        Vector128<byte> eight = Vector128.Create((byte)8);
        ((both & Vector128.Create((byte)15)) - eight).AsSByte().Store(quants);
        ((both >>> 4) - eight).AsSByte().Store(quants + 16);
    }

    /// <summary>One element of a panel's 16 positions, each with its own scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<TLanes>(sbyte* quants, ushort* scales, float* destination)
        where TLanes : struct, ILanes<TLanes>
    {
        for (nint i = 0; i < KvLayout.PanelPositions; i += TLanes.Count)
        {
            TLanes.Store(TLanes.Multiply(TLanes.LoadInt8(quants + i), TLanes.LoadHalf(scales + i)), destination + i);
        }
    }

    /// <summary>Quantizes up to 32 numbers to 16 bytes and returns the scale, a finite half.</summary>
    private static ushort Quantize(float* x, int count, byte* quants)
    {
        Span<float> full = stackalloc float[BlockLength];
        new ReadOnlySpan<float>(x, count).CopyTo(full);
        full[count..].Clear();
        BlockQ4_0.Quantize(full, out BlockQ4_0 block);
        ((ReadOnlySpan<byte>)block.Qs).CopyTo(new Span<byte>(quants, HalfLength));
        return HalfConvert.ToHalf(HalfBits.ToSingle(block.D));
    }
}
