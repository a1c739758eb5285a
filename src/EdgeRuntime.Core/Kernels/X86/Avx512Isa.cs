using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels.X86;

/// <summary>
/// AVX-512BW: sixteen rows, vpmaddubsw (u8 x s8 pairs to int16) and vpmaddwd. Levels of eight bits go in as |q - 128| with the sign moved
/// to the activation: 2 x 128 x 127 is 32512, one step.
/// </summary>
internal readonly unsafe struct Avx512Isa : IPanelIsa<Vector512<int>>
{
    public static int Rows => 16;

    public static int TileTokens => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load(void* source) => Vector512.Load((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<int> value, void* destination) => value.Store((int*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Activations(sbyte* a) => Vector512.Create(*(int*)a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Field(Vector512<int> x, int left, byte mask)
    {
        Vector512<int> moved = left switch
        {
            > 0 => (x.AsUInt16() << left).AsInt32(),
            < 0 => (x.AsUInt16() >>> -left).AsInt32(),
            _ => x,
        };
        return moved & Vector512.Create(mask * 0x01010101);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Or(Vector512<int> x, Vector512<int> y) => x | y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(Vector512<int> x, Vector512<int> y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Broadcast(float value) => Vector512.Create(value).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Multiply(Vector512<int> x, Vector512<int> y) => (x.AsSingle() * y.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Lookup(Vector512<int> x, Vector128<byte> table) =>
        Avx512BW.Shuffle(Repeat(table), x.AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Spread(byte* source) =>
        Avx512BW.Shuffle(Wide(source).AsByte(), Repeat(Vector128.Create(0, 0x04040404, 0x08080808, 0x0c0c0c0c).AsByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> SumsTimes(int first, int second, short* sum16)
    {
        Vector512<int> factors = Vector512.Create((-first & 0xffff) | (-second << 16));
        return Avx512BW.MultiplyAddAdjacent(Vector512.Create(*(int*)sum16).AsInt16(), factors.AsInt16());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplySums(Vector512<int> pairs, short* sum16) =>
        Avx512BW.MultiplyAddAdjacent(Vector512.Create(*(int*)sum16).AsInt16(), pairs.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadHalves(byte* source) => Lanes512.LoadHalf((ushort*)source).Value.AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadBytes(byte* source) => Avx512F.ConvertToVector512Single(Wide(source)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadSignedBytes(byte* source) =>
        Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)source))).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadNibbles(byte* source, int shift) =>
        Avx512F.ConvertToVector512Single((Wide(source) >>> shift) & Vector512.Create(15)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadHighNibblePairs(byte* lower, byte* upper) =>
        (Wide(lower) >>> 4) | ((Wide(upper) & Vector512.Create(0xf0)) << 12);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadFloatBits(byte* source, int left, int least) =>
        Vector512.Max(Wide(source) << left, Vector512.Create(least));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyAdd(Vector512<int> x, Vector512<int> y, Vector512<int> z) =>
        Avx512F.FusedMultiplyAdd(x.AsSingle(), y.AsSingle(), z.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddScaled(
        Vector512<int> acc, Vector512<int> isum, Vector512<int> scale, Vector512<int> d) =>
        Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(isum), d.AsSingle() * scale.AsSingle(), acc.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddMultiplied(Vector512<int> acc, Vector512<int> x, float* value) =>
        Avx512F.FusedMultiplyAdd(x.AsSingle(), Vector512.Create(*value), acc.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Dot(Vector512<int> sums, Vector512<int> q, Vector512<int> a) =>
        (sums.AsInt16() + Avx512BW.MultiplyAddAdjacent(q.AsByte(), a.AsSByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Widen(Vector512<int> sums) => Avx512BW.MultiplyAddAdjacent(sums.AsInt16(), Vector512.Create((short)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Signed(Vector512<int> q) => (q.AsByte() ^ Vector512.Create((byte)0x80)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> DotSigned(Vector512<int> sum, Vector512<int> w, Vector512<int> a)
    {
        Vector512<sbyte> isNegative = Vector512.LessThan(w.AsSByte(), Vector512<sbyte>.Zero);
        Vector512<sbyte> signed = Vector512.ConditionalSelect(isNegative, Vector512<sbyte>.Zero - a.AsSByte(), a.AsSByte());
        return sum + Widen(Avx512BW.MultiplyAddAdjacent(Avx512BW.Abs(w.AsSByte()), signed).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Wide(byte* source) => Avx512F.ConvertToVector512Int32(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Repeat(Vector128<byte> table)
    {
        // The JIT builds Vector512.Create(table) anew each time, of two inserts; this it keeps.
        Vector512<int> first = table.AsInt32().ToVector256().ToVector512();
        return Avx512F.Shuffle4x128(first, first, 0).AsByte();
    }
}
