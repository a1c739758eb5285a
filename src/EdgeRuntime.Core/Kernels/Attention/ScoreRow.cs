using System.Runtime.CompilerServices;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>
/// The steps between the two products, for one row's scores of a chunk. The row sees the positions [from, to) of the chunk;
/// whole panels of 16 are computed.
/// </summary>
internal static unsafe class ScoreRow<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private const int Panel = KvLayout.PanelPositions;

    /// <summary>s = cap * tanh(s / cap).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Cap(float* scores, int from, int to, float cap)
    {
        TLanes caps = TLanes.Broadcast(cap);
        TLanes inverses = TLanes.Broadcast(1 / cap);
        nint end = PanelEnd(to);
        for (nint i = PanelStart(from); i < end; i += TLanes.Count)
        {
            TLanes.Store(LaneMath.Tanh(TLanes.Load(scores + i) * inverses) * caps, scores + i);
        }
    }

    /// <summary>s = s - slope * |p + offset|.</summary>
    /// <param name="scores">[256].</param>
    /// <param name="from">First position that is seen.</param>
    /// <param name="to">One past the last.</param>
    /// <param name="offset">The chunk's first position minus the query's.</param>
    /// <param name="slope">The head's.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddBias(float* scores, int from, int to, int offset, float slope)
    {
        float* numbers = stackalloc float[Panel];
        for (int i = 0; i < Panel; i++)
        {
            numbers[i] = i;
        }

        TLanes negative = TLanes.Broadcast(-slope);
        TLanes zero = TLanes.Broadcast(0);
        int end = PanelEnd(to);
        for (int p = PanelStart(from); p < end; p += Panel)
        {
            TLanes first = TLanes.Broadcast(p + offset);
            for (nint lane = 0; lane < Panel; lane += TLanes.Count)
            {
                TLanes distance = TLanes.Load(numbers + lane) + first;
                distance = TLanes.Max(distance, zero - distance);
                TLanes.Store(TLanes.Fma(negative, distance, TLanes.Load(scores + p + lane)), scores + p + lane);
            }
        }
    }

    /// <summary>Replaces scores of [from, to) by exp(score - max), all others of [begin, end) by 0; writes max and sum to ml.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Softmax(float* scores, int from, int to, int begin, int end, float* ml)
    {
        if (from >= to)
        {
            Fill(scores, begin, end, 0);
            ml[0] = float.NegativeInfinity;
            ml[1] = 0;
            return;
        }

        int first = PanelStart(from);
        int padded = PanelEnd(to);
        Fill(scores, begin, first, 0);
        Fill(scores, first, from, float.NegativeInfinity);
        Fill(scores, to, padded, float.NegativeInfinity);
        Fill(scores, padded, end, 0);

        float* lanes = stackalloc float[Panel];
        ml[0] = Max(scores, first, padded, lanes);
        TLanes max = TLanes.Broadcast(ml[0]);
        for (nint lane = 0; lane < Panel; lane += TLanes.Count)
        {
            TLanes sum = TLanes.Broadcast(0);
            for (nint i = first + lane; i < padded; i += Panel)
            {
                TLanes e = LaneMath.Exp(TLanes.Load(scores + i) - max);
                TLanes.Store(e, scores + i);
                sum += e;
            }

            TLanes.Store(sum, lanes + lane);
        }

        ml[1] = LaneMath.Reduce(lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Max(float* scores, int first, int end, float* lanes)
    {
        TLanes max = TLanes.Broadcast(float.NegativeInfinity);
        for (nint i = first; i < end; i += TLanes.Count)
        {
            max = TLanes.Max(max, TLanes.Load(scores + i));
        }

        TLanes.Store(max, lanes);
        float greatest = lanes[0];
        for (int i = 1; i < TLanes.Count; i++)
        {
            greatest = lanes[i] > greatest ? lanes[i] : greatest;
        }

        return greatest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fill(float* scores, int from, int to, float value)
    {
        for (int i = from; i < to; i++)
        {
            scores[i] = value;
        }
    }

    private static int PanelStart(int position) => position & -Panel;

    private static int PanelEnd(int position) => (position + Panel - 1) & -Panel;
}
