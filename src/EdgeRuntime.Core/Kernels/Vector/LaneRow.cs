using System.Runtime.CompilerServices;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>Adjacent vectors: a row of a tile's sums, or the row that is multiplied. Held in registers.</summary>
/// <typeparam name="TLanes">The vector.</typeparam>
/// <typeparam name="TVectors">The number of vectors: 1, 2 or 4.</typeparam>
internal unsafe struct LaneRow<TLanes, TVectors>
    where TLanes : struct, ILanes<TLanes>
    where TVectors : unmanaged
{
    private TLanes _v0, _v1, _v2, _v3;

    /// <summary>Loads adjacent vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* source)
    {
        int vectorBytes = TLanes.Count * sizeof(float);
        Load<Float32Element>((byte*)source, vectorBytes, 2 * vectorBytes, 3 * vectorBytes);
    }

    /// <summary>Loads the first vector at an address, the others at distances from it in bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load<TSource>(byte* source, nint distance1, nint distance2, nint distance3)
        where TSource : struct, ILaneSource
    {
        _v0 = TSource.Load<TLanes>(source);
        if (sizeof(TVectors) > 1)
        {
            _v1 = TSource.Load<TLanes>(source + distance1);
        }

        if (sizeof(TVectors) > 2)
        {
            _v2 = TSource.Load<TLanes>(source + distance2);
            _v3 = TSource.Load<TLanes>(source + distance3);
        }
    }

    /// <summary>this = fma(factor, x, this).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float factor, in LaneRow<TLanes, TVectors> x)
    {
        TLanes value = TLanes.Broadcast(factor);
        _v0 = TLanes.Fma(value, x._v0, _v0);
        if (sizeof(TVectors) > 1)
        {
            _v1 = TLanes.Fma(value, x._v1, _v1);
        }

        if (sizeof(TVectors) > 2)
        {
            _v2 = TLanes.Fma(value, x._v2, _v2);
            _v3 = TLanes.Fma(value, x._v3, _v3);
        }
    }

    /// <summary>this = fma(factor, x, this) with adjacent vectors x in memory, which take no registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float factor, float* x)
    {
        TLanes value = TLanes.Broadcast(factor);
        _v0 = TLanes.Fma(value, TLanes.Load(x), _v0);
        if (sizeof(TVectors) > 1)
        {
            _v1 = TLanes.Fma(value, TLanes.Load(x + TLanes.Count), _v1);
        }

        if (sizeof(TVectors) > 2)
        {
            _v2 = TLanes.Fma(value, TLanes.Load(x + (2 * TLanes.Count)), _v2);
            _v3 = TLanes.Fma(value, TLanes.Load(x + (3 * TLanes.Count)), _v3);
        }
    }

    /// <summary>Stores the vectors next to each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination)
    {
        TLanes.Store(_v0, destination);
        if (sizeof(TVectors) > 1)
        {
            TLanes.Store(_v1, destination + TLanes.Count);
        }

        if (sizeof(TVectors) > 2)
        {
            TLanes.Store(_v2, destination + (2 * TLanes.Count));
            TLanes.Store(_v3, destination + (3 * TLanes.Count));
        }
    }
}
