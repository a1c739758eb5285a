using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>f16 d and dmin for 256 columns, unsigned scales and minima for 32: d[16], dmin[16], byte scale[8][16], byte min[8][16].</summary>
internal readonly unsafe struct SuperBlockMinScales : IPanelScales
{
    private const int Rows = PackedLayout.PanelRows;
    private const int Blocks = PackedLayout.ChunkBlocks;

    public static ScaleKind Kind => ScaleKind.SuperBlockMins;

    public static int Scales => 1;

    public static int Mins => 1;

    public static bool IsSuperBlock => true;

    public static bool IsEmitted => true;

    public static int ChunkBytes => 4 * Rows;

    public static int BlockBytes => Rows;

    public static int Bytes(int blocks) => ChunkBytes + (2 * Blocks * Rows);

    public static bool AreFinite(in BlockScales scales) => HalfBits.IsFinite(scales.D) && HalfBits.IsFinite(scales.Min);

    public static void Pack(in BlockScales scales, byte* chunk, int b, int r)
    {
        ((ushort*)chunk)[r] = scales.D;
        ((ushort*)chunk)[Rows + r] = scales.Min;
        SubBlocks.Pack(scales.SubBlocks, 2 * Blocks, chunk + ChunkBytes + r);
    }

    public static float Scale(byte* chunk, int b, int h, int r, float unit) =>
        HalfBits.ToSingle(((ushort*)chunk)[r]) * chunk[ChunkBytes + (b * Rows) + r];

    public static float Min(byte* chunk, int b, int r) =>
        -(HalfBits.ToSingle(((ushort*)chunk)[Rows + r]) * chunk[ChunkBytes + ((Blocks + b) * Rows) + r]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ChunkScales<TVector> Begin<TIsa, TVector>(byte* chunk, int row, float unit)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => new(
        TIsa.LoadHalves(chunk + (2 * row)), TIsa.Negate(TIsa.LoadHalves(chunk + (2 * (Rows + row)))), chunk + (4 * Rows) + row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Scale<TIsa, TVector>(in ChunkScales<TVector> scales, nint b, int h)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => TIsa.Multiply(scales.D, TIsa.LoadBytes(scales.Place + (b * Rows)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Min<TIsa, TVector>(in ChunkScales<TVector> scales, nint b)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => TIsa.Multiply(scales.Min, TIsa.LoadBytes(scales.Place + ((Blocks + b) * Rows)));

    public static void WriteScale(IScaleCode code, int h)
    {
        code.LoadBytes(0);
        code.MultiplyByChunk(0);
    }

    public static void WriteMin(IScaleCode code)
    {
        code.LoadBytes(Blocks * Rows);
        code.MultiplyByChunk(2 * Rows);
        code.Negate();
    }
}

/// <summary>f16 d for 256 columns, signed scales for 32 or for 16: d[16], sbyte scale[8 or 16][16].</summary>
internal readonly unsafe struct SuperBlockScales<TCount> : IPanelScales
    where TCount : struct, IScalesPerBlock
{
    private const int Rows = PackedLayout.PanelRows;

    public static ScaleKind Kind => TCount.Count == 2 ? ScaleKind.SuperBlock16 : ScaleKind.SuperBlock32;

    public static int Scales => TCount.Count;

    public static bool IsSuperBlock => true;

    public static bool IsEmitted => true;

    public static int ChunkBytes => 2 * Rows;

    public static int BlockBytes => TCount.Count * Rows;

    public static int Bytes(int blocks) => ChunkBytes + (PackedLayout.ChunkBlocks * BlockBytes);

    public static void Pack(in BlockScales scales, byte* chunk, int b, int r)
    {
        ((ushort*)chunk)[r] = scales.D;
        SubBlocks.Pack(scales.SubBlocks, TCount.Count * PackedLayout.ChunkBlocks, chunk + ChunkBytes + r);
    }

    public static float Scale(byte* chunk, int b, int h, int r, float unit) =>
        HalfBits.ToSingle(((ushort*)chunk)[r]) * ((sbyte*)chunk)[ChunkBytes + (((TCount.Count * b) + h) * Rows) + r];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ChunkScales<TVector> Begin<TIsa, TVector>(byte* chunk, int row, float unit)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => new(TIsa.LoadHalves(chunk + (2 * row)), default, chunk + (2 * Rows) + row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Scale<TIsa, TVector>(in ChunkScales<TVector> scales, nint b, int h)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct =>
        TIsa.Multiply(scales.D, TIsa.LoadSignedBytes(scales.Place + (((TCount.Count * b) + (TCount.Count == 1 ? 0 : h)) * Rows)));

    public static void WriteScale(IScaleCode code, int h)
    {
        code.LoadSignedBytes(h * Rows);
        code.MultiplyByChunk(0);
    }
}

/// <summary>How many scales a block of 32 columns has: a constant for the compiler.</summary>
internal interface IScalesPerBlock
{
    static abstract int Count { get; }
}

/// <summary>One for 32 columns.</summary>
internal readonly struct OneScale : IScalesPerBlock
{
    public static int Count => 1;
}

/// <summary>One for 16 columns.</summary>
internal readonly struct TwoScales : IScalesPerBlock
{
    public static int Count => 2;
}

/// <summary>Packs what a super-block has a byte each of.</summary>
internal static unsafe class SubBlocks
{
    /// <summary>A byte a line of the panel.</summary>
    public static void Pack(in Bytes16 bytes, int count, byte* destination)
    {
        for (int i = 0; i < count; i++)
        {
            destination[i * PackedLayout.PanelRows] = bytes[i];
        }
    }
}
