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

    public override void StepMatrix(float* from, float* to, int rows, int columns, in MatrixSteps steps)
    {
        for (int start = 0; start < columns; start += MatrixSteps.PanelColumns)
        {
            int width = int.Min(columns - start, MatrixSteps.PanelColumns);
            long panel = (long)start * rows;
            for (int column = 0; column < width;)
            {
                int left = width - column;
                float* source = from + panel + column;
                float* target = to + panel + column;
                column += left >= 4 * TLanes.Count ? StepColumns<TLanes, Count4>(source, target, rows, width, start + column, steps)
                    : left >= 2 * TLanes.Count ? StepColumns<TLanes, Count2>(source, target, rows, width, start + column, steps)
                    : left >= TLanes.Count ? StepColumns<TLanes, Count1>(source, target, rows, width, start + column, steps)
                    : StepColumns<LanesScalar, Count1>(source, target, rows, width, start + column, steps);
            }
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

    /// <summary>All steps of a few columns of a panel; returns how many columns.</summary>
    private static int StepColumns<T, TVectors>(float* from, float* to, int rows, int stride, int column, in MatrixSteps steps)
        where T : struct, ILanes<T>
        where TVectors : unmanaged
    {
        for (int step = 0; step < steps.Count; step++)
        {
            Step<T, TVectors>(from, to, rows, stride, column, steps, step);
            from = to;
        }

        return T.Count * sizeof(TVectors);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Step<T, TVectors>(float* from, float* to, int rows, nint stride, int column, in MatrixSteps steps, int step)
        where T : struct, ILanes<T>
        where TVectors : unmanaged
    {
        // Even and odd rows make two sums, which hides the latency of the additions.
        LaneRow<T, TVectors> even = default, odd = default;
        float* reads = steps.Reads[step];
        if (reads is not null)
        {
            float* source = from;
            for (int row = 0; row < rows; row += 2)
            {
                even.MultiplyAdd(reads[row], source);
                if (row + 1 < rows)
                {
                    odd.MultiplyAdd(reads[row + 1], source + stride);
                }

                source += 2 * stride;
            }
        }

        LaneRow<T, TVectors> change = default, sum = default;
        float rate = steps.Rates[step];
        change.MultiplyAdd(rate, steps.Values[step] + column);
        change.MultiplyAdd(-rate, even);
        change.MultiplyAdd(-rate, odd);
        float* decays = steps.Decays[step], keys = steps.Keys[step], queries = steps.Queries[step];
        for (int row = 0; row < rows; row++)
        {
            LaneRow<T, TVectors> next = default;
            next.MultiplyAdd(keys[row], change);
            next.MultiplyAdd(decays[row], from);
            next.Store(to);
            sum.MultiplyAdd(queries[row], next);
            from += stride;
            to += stride;
        }

        sum.Store(steps.Results[step] + column);
    }
}
