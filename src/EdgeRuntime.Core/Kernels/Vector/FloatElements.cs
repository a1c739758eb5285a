using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>Elements of the float types as vectors of floats.</summary>
internal static unsafe class FloatElements<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>A vector of F32, F16 or BF16 as floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TElement>(byte* elements)
        where TElement : unmanaged
    {
        if (typeof(TElement) == typeof(BlockF16))
        {
            return TLanes.LoadHalf((ushort*)elements);
        }

        return typeof(TElement) == typeof(BlockBF16) ? TLanes.LoadBFloat16((ushort*)elements) : TLanes.Load((float*)elements);
    }
}
