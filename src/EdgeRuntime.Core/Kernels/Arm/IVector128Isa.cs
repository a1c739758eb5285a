using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels.Arm;

/// <summary>Four rows in NEON vectors; sets of this width add how they multiply bytes.</summary>
internal unsafe interface IVector128Isa : IPanelIsa<Vector128<int>>
{
    static int IPanelIsa<Vector128<int>>.Rows => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.Load(void* source) => Vector128.Load((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IPanelIsa<Vector128<int>>.Store(Vector128<int> value, void* destination) => value.Store((int*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.Activations(sbyte* a) => Vector128.Create(*(int*)a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.Field(Vector128<int> x, int left, byte mask)
    {
        Vector128<int> moved = left switch
        {
            > 0 => (x.AsByte() << left).AsInt32(),
            < 0 => (x.AsByte() >>> -left).AsInt32(),
            _ => x,
        };
        return left < 0 && mask == byte.MaxValue >> -left ? moved : moved & Vector128.Create(mask * 0x01010101);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.Or(Vector128<int> x, Vector128<int> y) => x | y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.Add(Vector128<int> x, Vector128<int> y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.Broadcast(float value) => Vector128.Create(value).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.Multiply(Vector128<int> x, Vector128<int> y) => (x.AsSingle() * y.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.Lookup(Vector128<int> x, Vector128<byte> table) =>
        AdvSimd.Arm64.VectorTableLookup(table, x.AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.Spread(byte* source) =>
        AdvSimd.Arm64.VectorTableLookup(
            Vector128.CreateScalar(*(int*)source).AsByte(), Vector128.Create(0, 0x01010101, 0x02020202, 0x03030303).AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.SumsTimes(int first, int second, short* sum16) =>
        Vector128.Create(-(first * sum16[0]) - (second * sum16[1]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.MultiplySums(Vector128<int> pairs, short* sum16)
    {
        Vector128<short> sums = Vector128.Create(*(int*)sum16).AsInt16();
        Vector128<int> low = AdvSimd.MultiplyWideningLower(pairs.AsInt16().GetLower(), sums.GetLower());
        return AdvSimd.Arm64.AddPairwise(low, AdvSimd.MultiplyWideningUpper(pairs.AsInt16(), sums));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.LoadHalves(byte* source) => Lanes128.LoadHalf((ushort*)source).Value.AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.LoadBytes(byte* source) => AdvSimd.ConvertToSingle(Wide(source)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.LoadSignedBytes(byte* source)
    {
        Vector128<short> wide = AdvSimd.SignExtendWideningLower(Vector64.CreateScalar(*(int*)source).AsSByte());
        return AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningLower(wide.GetLower())).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.LoadNibbles(byte* source, int shift) =>
        AdvSimd.ConvertToSingle((Wide(source) >>> shift) & Vector128.Create(15)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.LoadHighNibblePairs(byte* lower, byte* upper) =>
    (Wide(lower) >>> 4) | ((Wide(upper) & Vector128.Create(0xf0)) << 12);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.LoadFloatBits(byte* source, int left, int least) =>
    Vector128.Max(Wide(source) << left, Vector128.Create(least));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.MultiplyAdd(Vector128<int> x, Vector128<int> y, Vector128<int> z) =>
        AdvSimd.FusedMultiplyAdd(z.AsSingle(), x.AsSingle(), y.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.AddScaled(
        Vector128<int> acc, Vector128<int> isum, Vector128<int> scale, Vector128<int> d) =>
        AdvSimd.FusedMultiplyAdd(acc.AsSingle(), AdvSimd.ConvertToSingle(isum), d.AsSingle() * scale.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.AddMultiplied(Vector128<int> acc, Vector128<int> x, float* value) =>
        AdvSimd.FusedMultiplyAdd(acc.AsSingle(), x.AsSingle(), Vector128.Create(*value)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> IPanelIsa<Vector128<int>>.Signed(Vector128<int> q) => (q.AsByte() ^ Vector128.Create((byte)0x80)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Wide(byte* source)
    {
        Vector128<ushort> wide = AdvSimd.ZeroExtendWideningLower(Vector64.CreateScalar(*(int*)source).AsByte());
        return AdvSimd.ZeroExtendWideningLower(wide.GetLower()).AsInt32();
    }
}
