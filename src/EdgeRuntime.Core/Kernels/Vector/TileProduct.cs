using System.Runtime.CompilerServices;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>
/// The product of two small float matrices whose right side has its columns in lanes, in groups of 16:
/// <code>
///   c[row][lane] = c[row][lane] (or 0) + sum over k of a[row][k] * b[k][lane]
/// </code>
/// Every element is one chain of fused multiply-adds in the order of k, so its bits depend neither on the width of the vectors
/// nor on the tile that computes it.
/// </summary>
internal static unsafe class TileProduct<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Lanes of a group; b and c have whole groups.</summary>
    public const int GroupLanes = 16;

    /// <summary>Rows of a tile; up to this number, b is read once.</summary>
    /// <remarks>
    /// 6 rows by 4 vectors take 24 accumulators, 4 vectors of b and a broadcast: 29 of 32 registers. With 16 registers,
    /// 6 by 2 take 15.
    /// </remarks>
    public const int TileRows = 6;

    /// <summary>Computes c for all rows and lanes.</summary>
    /// <typeparam name="TSource">The type of b's elements.</typeparam>
    /// <param name="a">[rows][k], <paramref name="aStride"/> floats a row.</param>
    /// <param name="aStride">Floats from a row of a to the next.</param>
    /// <param name="b">Group g of b[k] begins at element g * bGroup + k * bStep.</param>
    /// <param name="bStep">Elements from one k to the next.</param>
    /// <param name="bGroup">Elements from one group of 16 lanes to the next.</param>
    /// <param name="c">[rows][16 groups], <paramref name="cStride"/> floats a row.</param>
    /// <param name="cStride">Floats from a row of c to the next.</param>
    /// <param name="rows">Rows of a and c.</param>
    /// <param name="groups">Groups of 16 lanes of b and c.</param>
    /// <param name="k">Terms of each sum.</param>
    /// <param name="accumulate">Whether the sums continue from the values in c, or start at 0.</param>
    public static void Multiply<TSource>(
        float* a, int aStride, byte* b, int bStep, int bGroup, float* c, int cStride, int rows, int groups, int k, bool accumulate)
        where TSource : struct, ILaneSource
    {
        // Full tiles and a rest, though 8 rows as 4 + 4 would be as fast: fewer heights are fewer methods to compile, 3 ms each.
        for (int row = 0; row < rows;)
        {
            float* aTile = a + ((long)row * aStride);
            float* cTile = c + ((long)row * cStride);
            row += (rows - row) switch
            {
                1 => MultiplyRows<TSource, Count1>(aTile, aStride, b, bStep, bGroup, cTile, cStride, groups, k, accumulate),
                2 => MultiplyRows<TSource, Count2>(aTile, aStride, b, bStep, bGroup, cTile, cStride, groups, k, accumulate),
                3 => MultiplyRows<TSource, Count3>(aTile, aStride, b, bStep, bGroup, cTile, cStride, groups, k, accumulate),
                4 => MultiplyRows<TSource, Count4>(aTile, aStride, b, bStep, bGroup, cTile, cStride, groups, k, accumulate),
                5 => MultiplyRows<TSource, Count5>(aTile, aStride, b, bStep, bGroup, cTile, cStride, groups, k, accumulate),
                _ => MultiplyRows<TSource, Count6>(aTile, aStride, b, bStep, bGroup, cTile, cStride, groups, k, accumulate),
            };
        }
    }

    /// <summary>Computes all lanes of a few rows; returns how many rows.</summary>
    private static int MultiplyRows<TSource, TRows>(
        float* a, int aStride, byte* b, int bStep, int bGroup, float* c, int cStride, int groups, int k, bool accumulate)
        where TSource : struct, ILaneSource
        where TRows : unmanaged
    {
        int lanes = groups * GroupLanes;
        for (int lane = 0; lane < lanes;)
        {
            byte* bTile = b + (((lane / GroupLanes * (long)bGroup) + (lane % GroupLanes)) * TSource.ElementBytes);
            // The last tile is narrower only where a vector is a whole group.
            int vectors = TLanes.Count == GroupLanes ? int.Min(TLanes.TileVectors, (lanes - lane) / GroupLanes) : TLanes.TileVectors;
            lane += TLanes.Count * vectors switch
            {
                1 => Tile<TSource, TRows, Count1>(a, aStride, bTile, bStep, bGroup, c + lane, cStride, k, accumulate),
                4 => Tile<TSource, TRows, Count4>(a, aStride, bTile, bStep, bGroup, c + lane, cStride, k, accumulate),
                _ => Tile<TSource, TRows, Count2>(a, aStride, bTile, bStep, bGroup, c + lane, cStride, k, accumulate),
            };
        }

        return sizeof(TRows);
    }

    /// <summary>Computes a tile; returns how many vectors wide it is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Tile<TSource, TRows, TVectors>(
        float* a, nint aStride, byte* b, nint bStep, nint bGroup, float* c, nint cStride, nint k, bool accumulate)
        where TSource : struct, ILaneSource
        where TRows : unmanaged
        where TVectors : unmanaged
    {
        LaneRow<TLanes, TVectors> sum0 = default, sum1 = default, sum2 = default, sum3 = default, sum4 = default, sum5 = default;
        float* c1 = c + cStride, c2 = c1 + cStride, c3 = c2 + cStride, c4 = c3 + cStride, c5 = c4 + cStride;
        if (accumulate)
        {
            sum0.Load(c);
            if (sizeof(TRows) > 1) { sum1.Load(c1); }
            if (sizeof(TRows) > 2) { sum2.Load(c2); }
            if (sizeof(TRows) > 3) { sum3.Load(c3); }
            if (sizeof(TRows) > 4) { sum4.Load(c4); }
            if (sizeof(TRows) > 5) { sum5.Load(c5); }
        }

        float* a1 = a + aStride, a2 = a1 + aStride, a3 = a2 + aStride, a4 = a3 + aStride, a5 = a4 + aStride;
        bStep *= TSource.ElementBytes;
        nint next = k * bStep;
        nint b1 = Offset<TSource>(1, bGroup), b2 = Offset<TSource>(2, bGroup), b3 = Offset<TSource>(3, bGroup);
        for (nint i = 0; i < k; i++)
        {
            LaneRow<TLanes, TVectors> x = default;
            x.Load<TSource>(b, b1, b2, b3);
            TSource.Prefetch(b + next);
            if (TLanes.Count == GroupLanes && sizeof(TVectors) > 1) { TSource.Prefetch(b + b1 + next); }
            if (TLanes.Count == GroupLanes && sizeof(TVectors) > 2) { TSource.Prefetch(b + b2 + next); TSource.Prefetch(b + b3 + next); }
            b += bStep;
            sum0.MultiplyAdd(a[i], x);
            if (sizeof(TRows) > 1) { sum1.MultiplyAdd(a1[i], x); }
            if (sizeof(TRows) > 2) { sum2.MultiplyAdd(a2[i], x); }
            if (sizeof(TRows) > 3) { sum3.MultiplyAdd(a3[i], x); }
            if (sizeof(TRows) > 4) { sum4.MultiplyAdd(a4[i], x); }
            if (sizeof(TRows) > 5) { sum5.MultiplyAdd(a5[i], x); }
        }

        sum0.Store(c);
        if (sizeof(TRows) > 1) { sum1.Store(c1); }
        if (sizeof(TRows) > 2) { sum2.Store(c2); }
        if (sizeof(TRows) > 3) { sum3.Store(c3); }
        if (sizeof(TRows) > 4) { sum4.Store(c4); }
        if (sizeof(TRows) > 5) { sum5.Store(c5); }
        return sizeof(TVectors);
    }

    /// <summary>Bytes from a tile's first vector to a later one, in the same group or in one of the next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Offset<TSource>(int vector, nint bGroup)
        where TSource : struct, ILaneSource =>
        ((vector * TLanes.Count / GroupLanes * bGroup) + (vector * TLanes.Count % GroupLanes)) * TSource.ElementBytes;
}
