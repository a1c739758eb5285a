using System.Diagnostics;
using System.Runtime.CompilerServices;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>
/// Integers q in blocks of 32 along the head with a scale d of IEEE half, x = d * q, exact in float. A last block that is not
/// full is filled with zeros.
/// <code>
///   keys, a block of a panel     half d[16], byte[BlockBytes][16 positions]
///   values, a block of a row     half d, byte[BlockBytes]
/// </code>
/// </summary>
internal readonly unsafe struct KvBlocks<TQuants> : IKvElement
    where TQuants : struct, IKvQuants
{
    private const int BlockLength = IKvQuants.BlockLength;
    private const int KeyScaleBytes = KvLayout.PanelPositions * sizeof(ushort);

    public static bool IsFloat => false;

    public static bool IsElementwise => false;

    public static int ElementBytes => throw new UnreachableException("a quant means nothing without its block's scale");

    private static int KeyBlockBytes => KeyScaleBytes + (TQuants.BlockBytes * KvLayout.PanelPositions);

    private static int ValueBlockBytes => sizeof(ushort) + TQuants.BlockBytes;

    public static int KeyPanelBytes(int keyLength) => Blocks(keyLength) * KeyBlockBytes;

    public static int ValueRowBytes(int valueLength) => Blocks(valueLength) * ValueBlockBytes;

    public static void StoreKey(byte* panel, int lane, float* key, int keyLength)
    {
        byte* packed = stackalloc byte[BlockLength];
        for (int first = 0; first < keyLength; first += BlockLength)
        {
            ((ushort*)panel)[lane] = TQuants.Quantize(key + first, int.Min(BlockLength, keyLength - first), packed);
            byte* destination = panel + KeyScaleBytes + lane;
            for (int i = 0; i < TQuants.BlockBytes; i++)
            {
                destination[i * KvLayout.PanelPositions] = packed[i];
            }

            panel += KeyBlockBytes;
        }
    }

    public static void StoreValue(byte* row, float* value, int valueLength)
    {
        for (int first = 0; first < valueLength; first += BlockLength)
        {
            *(ushort*)row = TQuants.Quantize(value + first, int.Min(BlockLength, valueLength - first), row + sizeof(ushort));
            row += ValueBlockBytes;
        }
    }

    public static TLanes Load<TLanes>(byte* source)
        where TLanes : struct, ILanes<TLanes> => throw new UnreachableException("a quant means nothing without its block's scale");

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ExpandKeys<TLanes>(byte* panel, int keyLength, float* keys)
        where TLanes : struct, ILanes<TLanes>
    {
        sbyte* buffer = stackalloc sbyte[BlockLength * KvLayout.PanelPositions];
        for (int first = 0; first < keyLength; first += BlockLength)
        {
            nint count = int.Min(BlockLength, keyLength - first) * KvLayout.PanelPositions;
            sbyte* quants = TQuants.Unpack(panel + KeyScaleBytes, TQuants.BlockBytes * KvLayout.PanelPositions, buffer);
            for (nint lane = 0; lane < KvLayout.PanelPositions; lane += TLanes.Count)
            {
                TLanes scale = TLanes.LoadHalf((ushort*)panel + lane);
                for (nint i = lane; i < count; i += KvLayout.PanelPositions)
                {
                    TLanes.Store(TLanes.Multiply(TLanes.LoadInt8(quants + i), scale), keys + i);
                }
            }

            keys += count;
            panel += KeyBlockBytes;
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ExpandValues<TLanes>(byte* values, int rows, int valueLength, float* expanded)
        where TLanes : struct, ILanes<TLanes>
    {
        sbyte* buffer = stackalloc sbyte[BlockLength];
        int lanes = KvLayout.ValueLanes(valueLength);
        for (int row = 0; row < rows; row++)
        {
            for (int first = 0; first < lanes; first += BlockLength)
            {
                TLanes scale = TLanes.Broadcast(HalfConvert.ToSingle(*(ushort*)values));
                sbyte* quants = TQuants.Unpack(values + sizeof(ushort), TQuants.BlockBytes, buffer);
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
}
