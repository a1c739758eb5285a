using System;
using System.Diagnostics;
using System.Linq;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Threading;

namespace EdgeRuntime.Cli.Bench;

/// <summary>
/// Measures how fast a number of threads read 512 MB of memory, more than caches hold; each thread reads its part in order.
/// This bandwidth bounds the decoding of a token. A difference between before and after shows other work on the machine.
/// </summary>
internal sealed class ReadBandwidth
{
    private const long TotalBytes = 512 << 20;
    private const int Passes = 9;

    private readonly ulong[][] _parts;
    private readonly double[] _seconds = new double[Passes];
    private ulong _sum;

    private ReadBandwidth(int threads) => _parts = new ulong[threads][];

    /// <summary>Measures the bandwidth in GB/s (10^9 bytes), the median of nine passes.</summary>
    public static double MeasureGigabytesPerSecond(int threads)
    {
        var work = new ReadBandwidth(threads);
        using var barrier = new Barrier(threads);
        Thread[] readers = [.. Enumerable.Range(0, threads).Select(index => new Thread(() => work.Run(barrier, index)))];
        Array.ForEach(readers, static reader => reader.Start());
        Array.ForEach(readers, static reader => reader.Join());
        return TotalBytes / Statistics.Median(work._seconds) / 1e9;
    }

    private void Run(Barrier barrier, int thread)
    {
        // The first write places a page on a NUMA node: each thread fills its own part.
        ulong[] part = new ulong[TotalBytes / sizeof(ulong) / _parts.Length];
        part.AsSpan().Fill((ulong)thread + 1);
        _parts[thread] = part;
        for (int pass = 0; pass < Passes; pass++)
        {
            barrier.SignalAndWait();
            long start = Stopwatch.GetTimestamp();
            Interlocked.Add(ref _sum, Sum(part));
            barrier.SignalAndWait();
            if (thread == 0)
            {
                _seconds[pass] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            }
        }
    }

    private static ulong Sum(ulong[] part)
    {
        // Four independent sums hide the latency of the additions.
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
