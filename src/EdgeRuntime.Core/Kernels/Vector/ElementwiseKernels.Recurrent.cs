using System.Runtime.CompilerServices;

namespace EdgeRuntime.Kernels.Vector;

/// <content>Steps of recurrent states, whose columns are in lanes.</content>
internal sealed unsafe partial class ElementwiseKernels<TLanes>
{
    public override void ScanChannels(
        float* from, float* to, float* a, int stride, float* time, float* input, float* b, float* c, int states, float* y, int count)
    {
        nint i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            ScanLanes<TLanes>(from + i, to + i, a + i, stride, time + i, input + i, b, c, states, y + i);
        }

        for (; i < count; i++)
        {
            ScanLanes<LanesScalar>(from + i, to + i, a + i, stride, time + i, input + i, b, c, states, y + i);
        }
    }

    public override void StepMatrix(
        float* from, float* to, int rows, int columns, float* factors, float* rates, float* values, int valueStride, float* y, int yStride,
        int steps)
    {
        for (int column = 0; column < columns;)
        {
            // A few columns stay in the cache for all steps.
            int left = columns - column;
            float* source = from + column;
            int width = 0;
            for (int step = 0; step < steps; step++)
            {
                float* factor = factors + (4L * step * rows);
                float* value = values + ((long)step * valueStride) + column;
                float* result = y + ((long)step * yStride) + column;
                width = left >= 4 * TLanes.Count
                        ? StepColumns<TLanes, Count4>(source, to + column, rows, columns, factor, rates[step], value, result)
                    : left >= TLanes.Count
                        ? StepColumns<TLanes, Count1>(source, to + column, rows, columns, factor, rates[step], value, result)
                    : StepColumns<LanesScalar, Count1>(source, to + column, rows, columns, factor, rates[step], value, result);
                source = to + column;
            }

            column += width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScanLanes<T>(
        float* from, float* to, float* a, nint stride, float* time, float* input, float* b, float* c, int states, float* y)
        where T : struct, ILanes<T>
    {
        T times = T.Load(time);
        T inputs = T.Load(input);
        T sum = T.Broadcast(0);
        for (int state = 0; state < states; state++)
        {
            T decay = LaneMath.Exp(times * T.Load(a));
            T next = T.Fma(T.Load(from), decay, inputs * T.Broadcast(b[state]));
            T.Store(next, to);
            sum = T.Fma(next, T.Broadcast(c[state]), sum);
            from += stride;
            to += stride;
            a += stride;
        }

        T.Store(sum, y);
    }

    /// <summary>One step of a few columns; returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int StepColumns<T, TVectors>(
        float* from, float* to, int rows, nint stride, float* factors, float rate, float* values, float* y)
        where T : struct, ILanes<T>
        where TVectors : unmanaged
    {
        float* reads = factors + rows;
        float* keys = reads + rows;
        float* queries = keys + rows;

        // Even and odd rows make two sums, which hides the latency of the additions.
        LaneRow<T, TVectors> even = default, odd = default, state = default;
        float* source = from;
        int row = 0;
        for (; row < rows - 1; row += 2)
        {
            state.Load(source);
            even.MultiplyAdd(reads[row], state);
            state.Load(source + stride);
            odd.MultiplyAdd(reads[row + 1], state);
            source += 2 * stride;
        }

        if (row < rows)
        {
            state.Load(source);
            even.MultiplyAdd(reads[row], state);
        }

        LaneRow<T, TVectors> change = default, sum = default;
        state.Load(values);
        change.MultiplyAdd(rate, state);
        change.MultiplyAdd(-rate, even);
        change.MultiplyAdd(-rate, odd);
        for (row = 0; row < rows; row++)
        {
            LaneRow<T, TVectors> next = default;
            next.MultiplyAdd(keys[row], change);
            state.Load(from);
            next.MultiplyAdd(factors[row], state);
            next.Store(to);
            sum.MultiplyAdd(queries[row], next);
            from += stride;
            to += stride;
        }

        sum.Store(y);
        return T.Count * sizeof(TVectors);
    }
}
