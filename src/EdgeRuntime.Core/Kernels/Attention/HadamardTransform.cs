using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>
/// The orthonormal Walsh-Hadamard transform of blocks of 64 elements, which spreads single large elements over their block, so that 4-bit
/// quants lose less. It is its own inverse, and products of transformed vectors are those of the vectors.
/// </summary>
internal static unsafe class HadamardTransform
{
    private const int Block = 64;
    private const float Scale = 0.125f; // 1 / sqrt(64)

    /// <summary>Gets whether a cache keeps vectors transformed.</summary>
    /// <param name="type">The type of the cached vectors.</param>
    /// <param name="length">Elements of a head.</param>
    public static bool AppliesTo(TensorType type, int length) => type == TensorType.Q4_0 && length % Block == 0;

    /// <summary>Transforms in place. Every instruction set and width gives the same bits: no sum crosses lanes.</summary>
    /// <param name="x">The elements.</param>
    /// <param name="length">A multiple of 64.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(float* x, int length)
    {
        for (float* end = x + length; x < end; x += Block)
        {
            for (int i = 0; i < Block; i += 4)
            {
                (float a, float b, float c, float d) = (x[i] + x[i + 1], x[i] - x[i + 1], x[i + 2] + x[i + 3], x[i + 2] - x[i + 3]);
                (x[i], x[i + 1], x[i + 2], x[i + 3]) = (a + c, b + d, a - c, b - d);
            }

            for (int step = 4; step < Block; step *= 2)
            {
                for (int first = 0; first < Block; first += 2 * step)
                {
                    for (int i = first; i < first + step; i += 4)
                    {
                        Vector128<float> low = Vector128.Load(x + i);
                        Vector128<float> high = Vector128.Load(x + i + step);
                        (low + high).Store(x + i);
                        (low - high).Store(x + i + step);
                    }
                }
            }

            for (int i = 0; i < Block; i += 4)
            {
                (Vector128.Load(x + i) * Scale).Store(x + i);
            }
        }
    }
}
