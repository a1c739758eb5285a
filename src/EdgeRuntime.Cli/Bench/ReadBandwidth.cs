using System;
using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Threading;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Cli.Bench;

/// <summary>
/// How fast so many threads read memory that no cache holds: 512 MB in all, each thread its own part in order, by whole vectors. What
/// the decoding of a token is bound by, and a sign of other work on the machine when it differs before and after.
/// </summary>
internal sealed class ReadBandwidth : ITeamWork
{
    private const long TotalBytes = 512 << 20;
    private const int Passes = 9;

    private readonly ulong[][] _parts;
    private readonly double[] _seconds = new double[Passes];
    private ulong _sum;

    private ReadBandwidth(int threads) => _parts = new ulong[threads][];

    /// <summary>GB/s (10^9 bytes), the median of nine passes.</summary>
    public static double MeasureGigabytesPerSecond(int threads)
    {
        var work = new ReadBandwidth(threads);
        WorkerPool team = SharedWorkerPool.Rent(threads);
        try
        {
            team.Run(work);
        }
        finally
        {
            SharedWorkerPool.Return(team);
        }

        return TotalBytes / Statistics.Median(work._seconds) / 1e9;
    }

    public void Run(WorkerPool team, int thread)
    {
        // A page lies where it is first written: each thread makes its own part.
        ulong[] part = new ulong[TotalBytes / sizeof(ulong) / team.Threads];
        part.AsSpan().Fill((ulong)thread + 1);
        _parts[thread] = part;
        for (int pass = 0; pass < Passes; pass++)
        {
            team.Barrier();
            long start = Stopwatch.GetTimestamp();
            Interlocked.Add(ref _sum, Sum(part));
            team.Barrier();
            if (thread == 0)
            {
                _seconds[pass] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            }
        }
    }

    private static ulong Sum(ulong[] part)
    {
        // Four sums, so that additions never wait for each other.
        ReadOnlySpan<Vector<ulong>> vectors = MemoryMarshal.Cast<ulong, Vector<ulong>>(part);
        Vector<ulong> a = default, b = default, c = default, d = default;
        for (int i = 0; i + 3 < vectors.Length; i += 4)
        {
            a += vectors[i];
            b += vectors[i + 1];
            c += vectors[i + 2];
            d += vectors[i + 3];
        }

        return Vector.Sum(a + b + c + d);
    }
}
