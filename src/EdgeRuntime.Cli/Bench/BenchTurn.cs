using System;
using System.Diagnostics;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Energy;

namespace EdgeRuntime.Cli.Bench;

/// <summary>One timed run of a test: the same code for every runtime.</summary>
internal static class BenchTurn
{
    private const int WarmUpPrefill = 32;
    private const int WarmUpDecode = 2;

    /// <summary>Fills the context to the test's depth, computes a few tokens to warm up threads and caches, then times the test.</summary>
    /// <param name="runtime">The runtime to measure.</param>
    /// <param name="test">The test.</param>
    /// <param name="tokens">At least <see cref="BenchTest.Positions"/> ids.</param>
    /// <param name="latencies">Receives the seconds of each decoded token; may be empty.</param>
    /// <param name="energy">Measures the energy of the timed part, or null; the caller stops it.</param>
    /// <returns>Seconds.</returns>
    public static double Run(
        IBenchRuntime runtime, BenchTest test, ReadOnlySpan<int> tokens, Span<double> latencies = default, EnergyMeter? energy = null)
    {
        Prepare(runtime, test, tokens);
        energy?.Start();
        ReadOnlySpan<int> timed = tokens.Slice(test.Depth, test.Tokens);
        long start = Stopwatch.GetTimestamp();
        if (test.IsPrefill)
        {
            runtime.Append(timed);
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        long last = start;
        for (int i = 0; i < timed.Length; i++)
        {
            runtime.Append(timed.Slice(i, 1));
            long now = Stopwatch.GetTimestamp();
            if (!latencies.IsEmpty)
            {
                latencies[i] = Stopwatch.GetElapsedTime(last, now).TotalSeconds;
            }

            last = now;
        }

        return Stopwatch.GetElapsedTime(start, last).TotalSeconds;
    }

    private static void Prepare(IBenchRuntime runtime, BenchTest test, ReadOnlySpan<int> tokens)
    {
        if (runtime.Length < test.Depth)
        {
            runtime.Append(tokens[runtime.Length..test.Depth]);
        }

        runtime.Rewind(test.Depth);
        int warmUp = Math.Min(test.IsPrefill ? WarmUpPrefill : 1, test.Tokens);
        for (int i = 0; i < (test.IsPrefill ? 1 : WarmUpDecode); i++)
        {
            runtime.Append(tokens.Slice(test.Depth, warmUp));
            runtime.Rewind(test.Depth);
        }
    }
}
