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
internal sealed unsafe class KvBlocks<TQuants> : KvFormat
    where TQuants : struct, IKvQuants
{
    /// <summary>Bytes of the scales of a panel's block.</summary>
    public const int KeyScaleBytes = KvLayout.PanelPositions * sizeof(ushort);

    private const int BlockLength = IKvQuants.BlockLength;

    /// <summary>Bytes of a panel's block.</summary>
    public static int KeyBlockBytes => KeyScaleBytes + (TQuants.BlockBytes * KvLayout.PanelPositions);

    /// <summary>Bytes of a row's block.</summary>
    public static int ValueBlockBytes => sizeof(ushort) + TQuants.BlockBytes;

    public override KvProduct<TLanes> CreateProduct<TLanes>() => new KvBlockProduct<TLanes, TQuants>();

    public override int KeyPanelBytes(int keyLength) => Blocks(keyLength) * KeyBlockBytes;

    public override int ValueRowBytes(int valueLength) => Blocks(valueLength) * ValueBlockBytes;

    public override void StoreKey(byte* panel, int lane, float* key, int keyLength)
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

    public override void StoreValue(byte* row, float* value, int valueLength)
    {
        for (int first = 0; first < valueLength; first += BlockLength)
        {
            *(ushort*)row = TQuants.Quantize(value + first, int.Min(BlockLength, valueLength - first), row + sizeof(ushort));
            row += ValueBlockBytes;
        }
    }

    private static int Blocks(int length) => (length + BlockLength - 1) / BlockLength;
}

/// <summary>Products with keys and values in blocks of integers.</summary>
internal sealed unsafe class KvBlockProduct<TLanes, TQuants> : KvProduct<TLanes>
    where TLanes : struct, ILanes<TLanes>
    where TQuants : struct, IKvQuants
{
    private const int BlockLength = IKvQuants.BlockLength;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override float* ExpandKeys(byte* keys, int panels, int keyLength, float* expanded)
    {
        float* to = expanded;
        sbyte* buffer = stackalloc sbyte[BlockLength * KvLayout.PanelPositions];
        for (int panel = 0; panel < panels; panel++)
        {
            for (int first = 0; first < keyLength; first += BlockLength)
            {
                nint count = int.Min(BlockLength, keyLength - first) * KvLayout.PanelPositions;
                sbyte* quants = TQuants.Unpack(
                    keys + KvBlocks<TQuants>.KeyScaleBytes, TQuants.BlockBytes * KvLayout.PanelPositions, buffer);
                for (nint lane = 0; lane < KvLayout.PanelPositions; lane += TLanes.Count)
                {
                    TLanes scale = TLanes.LoadHalf((ushort*)keys + lane);
                    for (nint i = lane; i < count; i += KvLayout.PanelPositions)
                    {
                        TLanes.Store(TLanes.LoadInt8(quants + i) * scale, to + i);
                    }
                }

                to += count;
                keys += KvBlocks<TQuants>.KeyBlockBytes;
            }
        }

        return expanded;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override float* ExpandValues(byte* values, int positions, int valueLength, float* expanded)
    {
        float* to = expanded;
        sbyte* buffer = stackalloc sbyte[BlockLength];
        int lanes = KvLayout.ValueLanes(valueLength);
        for (int position = 0; position < positions; position++)
        {
            for (int first = 0; first < lanes; first += BlockLength)
            {
                TLanes scale = TLanes.Broadcast(HalfConvert.ToSingle(*(ushort*)values));
                sbyte* quants = TQuants.Unpack(values + sizeof(ushort), TQuants.BlockBytes, buffer);
                nint count = int.Min(BlockLength, lanes - first);
                for (nint i = 0; i < count; i += TLanes.Count)
                {
                    TLanes.Store(TLanes.LoadInt8(quants + i) * scale, to + i);
                }

                to += count;
                values += KvBlocks<TQuants>.ValueBlockBytes;
            }
        }

        return expanded;
    }
}
