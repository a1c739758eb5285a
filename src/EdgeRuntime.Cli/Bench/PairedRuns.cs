using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Cli.Bench;

/// <summary>The seconds of two runtimes that did the same work in turns, pair by pair.</summary>
/// <param name="Ours">Seconds of this runtime, one for each pair.</param>
/// <param name="Peer">Seconds of the peer.</param>
internal sealed record PairedRuns(IReadOnlyList<double> Ours, IReadOnlyList<double> Peer)
{
    /// <summary>Gets the peer's seconds divided by this runtime's, one for each pair.</summary>
    public IReadOnlyList<double> Ratios => [.. Ours.Zip(Peer, static (ours, peer) => peer / ours)];

    /// <summary>Runs this runtime once to warm up and then both in the order A B B A, so that slow drifts affect both equally.</summary>
    /// <param name="pairs">Pairs of runs.</param>
    /// <param name="ours">A run of this runtime; returns its seconds.</param>
    /// <param name="peer">A run of the peer, which is warm.</param>
    public static PairedRuns Measure(int pairs, Func<double> ours, Func<double> peer)
    {
        ours();
        double[] oursSeconds = new double[pairs];
        double[] peerSeconds = new double[pairs];
        RunInTurns(pairs, pair => oursSeconds[pair] = ours(), pair => peerSeconds[pair] = peer());
        return new PairedRuns(oursSeconds, peerSeconds);
    }

    /// <summary>Runs both in the order A B B A.</summary>
    public static void RunInTurns(int pairs, Action<int> ours, Action<int> peer)
    {
        for (int pair = 0; pair < pairs; pair++)
        {
            (Action<int> first, Action<int> second) = pair % 2 == 0 ? (ours, peer) : (peer, ours);
            first(pair);
            second(pair);
        }
    }

    /// <summary>Gets the seconds of the faster of two runs, after one run to warm up.</summary>
    public static double BestOf(Func<double> run)
    {
        run();
        return Math.Min(run(), run());
    }
}
