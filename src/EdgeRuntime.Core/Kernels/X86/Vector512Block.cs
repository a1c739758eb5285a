using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels.X86;

/// <summary>Vectors of sixteen floats: AVX-512.</summary>
internal readonly unsafe struct Vector512Block : IBlockVector
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int AbsoluteMaximumBits(float* x)
    {
        Vector512<int> v = Vector512.Max(Bits(x), Bits(x + 16));
        Vector256<int> half = Vector256.Max(v.GetLower(), v.GetUpper());
        return Vector128Block.MaximumOf(Vector128.Max(half.GetLower(), half.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (int First, int Last) Round(float* x, float factor, sbyte* q)
    {
        Vector512<float> factors = Vector512.Create(factor);
        Vector128<sbyte> first = Avx512F.ConvertToVector128SByte(Avx512F.ConvertToVector512Int32(Vector512.Load(x) * factors));
        Vector128<sbyte> last = Avx512F.ConvertToVector128SByte(Avx512F.ConvertToVector512Int32(Vector512.Load(x + 16) * factors));
        first.Store(q);
        last.Store(q + 16);
        return (Vector128Block.SumOf(first), Vector128Block.SumOf(last));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Bits(float* x) => Vector512.Load((int*)x) & Vector512.Create(int.MaxValue);
}
