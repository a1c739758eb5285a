using System.Runtime.CompilerServices;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>
/// The product of two small float matrices whose right side has its columns in lanes, in groups of 16:
/// <code>
///   c[row][lane] = c[row][lane] (or 0) + sum over k of a[row][k] * b[k][lane]
/// </code>
/// Every element is one chain of fused multiply-adds in the order of k, so its bits depend on nothing else: not on the
/// width of the vectors, not on the tile that it falls into.
/// </summary>
internal static unsafe class TileProduct<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Lanes of a group; the lanes of b and c come in whole groups.</summary>
    public const int GroupLanes = 16;

    /// <summary>Rows of a tile; for so many, b is read once.</summary>
    /// <remarks>
    /// 6 rows by 4 vectors take 24 accumulators, 4 vectors of b and a broadcast: 29 of 32 registers. With 16 registers,
    /// 6 by 2 take 15.
    /// </remarks>
    public const int TileRows = 6;

    /// <summary>Computes c for all rows and lanes.</summary>
    /// <typeparam name="TSource">What b's elements are.</typeparam>
    /// <param name="a">[rows][k], <paramref name="aStride"/> floats a row.</param>
    /// <param name="aStride">Floats from a row of a to the next.</param>
    /// <param name="b">Group g of b[k] begins g * bGroup + k * bStep elements on.</param>
    /// <param name="bStep">Elements from one k to the next.</param>
    /// <param name="bGroup">Elements from one group of 16 lanes to the next.</param>
    /// <param name="c">[rows][16 groups], <paramref name="cStride"/> floats a row.</param>
    /// <param name="cStride">Floats from a row of c to the next.</param>
    /// <param name="rows">Rows of a and c.</param>
    /// <param name="groups">Groups of 16 lanes of b and c.</param>
    /// <param name="k">Terms of each sum.</param>
    /// <param name="accumulate">Whether the sums go on from what c holds, or start at 0.</param>
    public static void Multiply<TSource>(
        float* a, int aStride, byte* b, int bStep, int bGroup, float* c, int cStride, int rows, int groups, int k, bool accumulate)
        where TSource : struct, ITileSource
    {
        // Full tiles and a rest, though 8 rows as 4 + 4 would be as fast: fewer heights are fewer methods to compile, 3 ms each.
        for (int row = 0; row < rows; row += TileRows)
        {
            float* aTile = a + ((long)row * aStride);
            float* cTile = c + ((long)row * cStride);
            switch (rows - row)
            {
                case 1:
                    MultiplyRows<TSource, Count1>(aTile, aStride, b, bStep, bGroup, cTile, cStride, groups, k, accumulate);
                    break;
                case 2:
                    MultiplyRows<TSource, Count2>(aTile, aStride, b, bStep, bGroup, cTile, cStride, groups, k, accumulate);
                    break;
                case 3:
                    MultiplyRows<TSource, Count3>(aTile, aStride, b, bStep, bGroup, cTile, cStride, groups, k, accumulate);
                    break;
                case 4:
                    MultiplyRows<TSource, Count4>(aTile, aStride, b, bStep, bGroup, cTile, cStride, groups, k, accumulate);
                    break;
                case 5:
                    MultiplyRows<TSource, Count5>(aTile, aStride, b, bStep, bGroup, cTile, cStride, groups, k, accumulate);
                    break;
                default:
                    MultiplyRows<TSource, Count6>(aTile, aStride, b, bStep, bGroup, cTile, cStride, groups, k, accumulate);
                    break;
            }
        }
    }

    private static void MultiplyRows<TSource, TRows>(
        float* a, int aStride, byte* b, int bStep, int bGroup, float* c, int cStride, int groups, int k, bool accumulate)
        where TSource : struct, ITileSource
        where TRows : unmanaged
    {
        int lanes = groups * GroupLanes;
        int lane = 0;
        for (int wide = TLanes.TileVectors * TLanes.Count; lane <= lanes - wide; lane += wide)
        {
            byte* bTile = b + (((lane / GroupLanes * (long)bGroup) + (lane % GroupLanes)) * TSource.ElementBytes);
            if (TLanes.TileVectors == 4)
            {
                Tile<TSource, TRows, Count4>(a, aStride, bTile, bStep, bGroup, c + lane, cStride, k, accumulate);
            }
            else
            {
                Tile<TSource, TRows, Count2>(a, aStride, bTile, bStep, bGroup, c + lane, cStride, k, accumulate);
            }
        }

        if (TLanes.TileVectors * TLanes.Count <= GroupLanes)
        {
            return;
        }

        // Only 16 lanes a vector come here: up to three groups are left.
        if (lane <= lanes - (2 * GroupLanes))
        {
            byte* bTile = b + (lane / GroupLanes * (long)bGroup * TSource.ElementBytes);
            Tile<TSource, TRows, Count2>(a, aStride, bTile, bStep, bGroup, c + lane, cStride, k, accumulate);
            lane += 2 * GroupLanes;
        }

        if (lane < lanes)
        {
            byte* bTile = b + (lane / GroupLanes * (long)bGroup * TSource.ElementBytes);
            Tile<TSource, TRows, Count1>(a, aStride, bTile, bStep, bGroup, c + lane, cStride, k, accumulate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<TSource, TRows, TVectors>(
        float* a, nint aStride, byte* b, nint bStep, nint bGroup, float* c, nint cStride, nint k, bool accumulate)
        where TSource : struct, ITileSource
        where TRows : unmanaged
        where TVectors : unmanaged
    {
        TLanes c00 = default, c01 = default, c02 = default, c03 = default;
        TLanes c10 = default, c11 = default, c12 = default, c13 = default;
        TLanes c20 = default, c21 = default, c22 = default, c23 = default;
        TLanes c30 = default, c31 = default, c32 = default, c33 = default;
        TLanes c40 = default, c41 = default, c42 = default, c43 = default;
        TLanes c50 = default, c51 = default, c52 = default, c53 = default;
        float* c1 = c + cStride;
        float* c2 = c1 + cStride;
        float* c3 = c2 + cStride;
        float* c4 = c3 + cStride;
        float* c5 = c4 + cStride;
        if (accumulate)
        {
            LoadRow<TVectors>(c, ref c00, ref c01, ref c02, ref c03);
            if (sizeof(TRows) > 1)
            {
                LoadRow<TVectors>(c1, ref c10, ref c11, ref c12, ref c13);
            }

            if (sizeof(TRows) > 2)
            {
                LoadRow<TVectors>(c2, ref c20, ref c21, ref c22, ref c23);
            }

            if (sizeof(TRows) > 3)
            {
                LoadRow<TVectors>(c3, ref c30, ref c31, ref c32, ref c33);
            }

            if (sizeof(TRows) > 4)
            {
                LoadRow<TVectors>(c4, ref c40, ref c41, ref c42, ref c43);
            }

            if (sizeof(TRows) > 5)
            {
                LoadRow<TVectors>(c5, ref c50, ref c51, ref c52, ref c53);
            }
        }

        float* a1 = a + aStride;
        float* a2 = a1 + aStride;
        float* a3 = a2 + aStride;
        float* a4 = a3 + aStride;
        float* a5 = a4 + aStride;
        bStep *= TSource.ElementBytes;
        nint b1 = Offset(1, bGroup) * TSource.ElementBytes;
        nint b2 = Offset(2, bGroup) * TSource.ElementBytes;
        nint b3 = Offset(3, bGroup) * TSource.ElementBytes;
        for (nint i = 0; i < k; i++)
        {
            TLanes x0 = TSource.Load<TLanes>(b);
            TLanes x1 = sizeof(TVectors) > 1 ? TSource.Load<TLanes>(b + b1) : default;
            TLanes x2 = sizeof(TVectors) > 2 ? TSource.Load<TLanes>(b + b2) : default;
            TLanes x3 = sizeof(TVectors) > 2 ? TSource.Load<TLanes>(b + b3) : default;
            b += bStep;
            MultiplyAdd<TVectors>(a[i], x0, x1, x2, x3, ref c00, ref c01, ref c02, ref c03);
            if (sizeof(TRows) > 1)
            {
                MultiplyAdd<TVectors>(a1[i], x0, x1, x2, x3, ref c10, ref c11, ref c12, ref c13);
            }

            if (sizeof(TRows) > 2)
            {
                MultiplyAdd<TVectors>(a2[i], x0, x1, x2, x3, ref c20, ref c21, ref c22, ref c23);
            }

            if (sizeof(TRows) > 3)
            {
                MultiplyAdd<TVectors>(a3[i], x0, x1, x2, x3, ref c30, ref c31, ref c32, ref c33);
            }

            if (sizeof(TRows) > 4)
            {
                MultiplyAdd<TVectors>(a4[i], x0, x1, x2, x3, ref c40, ref c41, ref c42, ref c43);
            }

            if (sizeof(TRows) > 5)
            {
                MultiplyAdd<TVectors>(a5[i], x0, x1, x2, x3, ref c50, ref c51, ref c52, ref c53);
            }
        }

        StoreRow<TVectors>(c, c00, c01, c02, c03);
        if (sizeof(TRows) > 1)
        {
            StoreRow<TVectors>(c1, c10, c11, c12, c13);
        }

        if (sizeof(TRows) > 2)
        {
            StoreRow<TVectors>(c2, c20, c21, c22, c23);
        }

        if (sizeof(TRows) > 3)
        {
            StoreRow<TVectors>(c3, c30, c31, c32, c33);
        }

        if (sizeof(TRows) > 4)
        {
            StoreRow<TVectors>(c4, c40, c41, c42, c43);
        }

        if (sizeof(TRows) > 5)
        {
            StoreRow<TVectors>(c5, c50, c51, c52, c53);
        }
    }

    /// <summary>Elements from a tile's first vector to a later one: into the next groups, or on inside the group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Offset(int vector, nint bGroup) =>
        (vector * TLanes.Count / GroupLanes * bGroup) + (vector * TLanes.Count % GroupLanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyAdd<TVectors>(
        float factor, TLanes x0, TLanes x1, TLanes x2, TLanes x3, ref TLanes c0, ref TLanes c1, ref TLanes c2, ref TLanes c3)
        where TVectors : unmanaged
    {
        TLanes value = TLanes.Broadcast(factor);
        c0 = TLanes.Fma(value, x0, c0);
        if (sizeof(TVectors) > 1)
        {
            c1 = TLanes.Fma(value, x1, c1);
        }

        if (sizeof(TVectors) > 2)
        {
            c2 = TLanes.Fma(value, x2, c2);
            c3 = TLanes.Fma(value, x3, c3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadRow<TVectors>(float* c, ref TLanes c0, ref TLanes c1, ref TLanes c2, ref TLanes c3)
        where TVectors : unmanaged
    {
        c0 = TLanes.Load(c);
        if (sizeof(TVectors) > 1)
        {
            c1 = TLanes.Load(c + TLanes.Count);
        }

        if (sizeof(TVectors) > 2)
        {
            c2 = TLanes.Load(c + (2 * TLanes.Count));
            c3 = TLanes.Load(c + (3 * TLanes.Count));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<TVectors>(float* c, TLanes c0, TLanes c1, TLanes c2, TLanes c3)
        where TVectors : unmanaged
    {
        TLanes.Store(c0, c);
        if (sizeof(TVectors) > 1)
        {
            TLanes.Store(c1, c + TLanes.Count);
        }

        if (sizeof(TVectors) > 2)
        {
            TLanes.Store(c2, c + (2 * TLanes.Count));
            TLanes.Store(c3, c + (3 * TLanes.Count));
        }
    }
}
