using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels.X86;

/// <summary>Eight rows in AVX2 vectors, with FMA; sets of this width add how they multiply bytes.</summary>
internal unsafe interface IVector256Isa : IPanelIsa<Vector256<int>>
{
    static int IPanelIsa<Vector256<int>>.Rows => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.Load(void* source) => Vector256.Load((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IPanelIsa<Vector256<int>>.Store(Vector256<int> value, void* destination) => value.Store((int*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.Activations(sbyte* a) => Vector256.Create(*(int*)a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.Field(Vector256<int> x, int left, byte mask)
    {
        Vector256<int> moved = left switch
        {
            > 0 => (x.AsUInt16() << left).AsInt32(),
            < 0 => (x.AsUInt16() >>> -left).AsInt32(),
            _ => x,
        };
        return moved & Vector256.Create(mask * 0x01010101);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.Or(Vector256<int> x, Vector256<int> y) => x | y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.Add(Vector256<int> x, Vector256<int> y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.Broadcast(float value) => Vector256.Create(value).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.Multiply(Vector256<int> x, Vector256<int> y) => (x.AsSingle() * y.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.Lookup(Vector256<int> x, Vector128<byte> table) =>
        Avx2.Shuffle(Vector256.Create(table), x.AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.Spread(byte* source) =>
        Avx2.Shuffle(
            Avx2.ConvertToVector256Int32(source).AsByte(),
            Vector256.Create(Vector128.Create(0, 0x04040404, 0x08080808, 0x0c0c0c0c)).AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.SumsTimes(int first, int second, short* sum16)
    {
        Vector256<int> factors = Vector256.Create((-first & 0xffff) | (-second << 16));
        return Avx2.MultiplyAddAdjacent(Vector256.Create(*(int*)sum16).AsInt16(), factors.AsInt16());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.MultiplySums(Vector256<int> pairs, short* sum16) =>
        Avx2.MultiplyAddAdjacent(Vector256.Create(*(int*)sum16).AsInt16(), pairs.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.LoadHalves(byte* source) => Lanes256.LoadHalf((ushort*)source).Value.AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.LoadBytes(byte* source) =>
        Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(source)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.LoadSignedBytes(byte* source) =>
        Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32((sbyte*)source)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.LoadNibbles(byte* source, int shift) =>
        Avx.ConvertToVector256Single((Avx2.ConvertToVector256Int32(source) >>> shift) & Vector256.Create(15)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.LoadHighNibblePairs(byte* lower, byte* upper) =>
        (Avx2.ConvertToVector256Int32(lower) >>> 4) | ((Avx2.ConvertToVector256Int32(upper) & Vector256.Create(0xf0)) << 12);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.LoadFloatBits(byte* source, int left, int least) =>
        Vector256.Max(Avx2.ConvertToVector256Int32(source) << left, Vector256.Create(least));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.MultiplyAdd(Vector256<int> x, Vector256<int> y, Vector256<int> z) =>
        Fma.MultiplyAdd(x.AsSingle(), y.AsSingle(), z.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.AddScaled(
        Vector256<int> acc, Vector256<int> isum, Vector256<int> scale, Vector256<int> d) =>
        Fma.MultiplyAdd(Avx.ConvertToVector256Single(isum), d.AsSingle() * scale.AsSingle(), acc.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> IPanelIsa<Vector256<int>>.AddMultiplied(Vector256<int> acc, Vector256<int> x, float* value) =>
        Fma.MultiplyAdd(x.AsSingle(), Vector256.Create(*value), acc.AsSingle()).AsInt32();
}
