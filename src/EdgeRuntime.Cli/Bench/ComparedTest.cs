using System.Collections.Generic;
using EdgeRuntime.Cli.Bench.Plan;

namespace EdgeRuntime.Cli.Bench;

/// <summary>The two runtimes side by side on one test.</summary>
/// <param name="Card">The model.</param>
/// <param name="Test">The name of the test.</param>
/// <param name="Threads">Threads of each runtime.</param>
/// <param name="InstructionSet">The instruction set of this runtime.</param>
/// <param name="Tokens">The number of tokens of a run.</param>
/// <param name="Runs">The seconds of both.</param>
internal sealed record ComparedTest(ModelCard Card, string Test, int Threads, string InstructionSet, int Tokens, PairedRuns Runs)
{
    /// <summary>Gets the median of the ratios of the pairs; above 1 this runtime is faster.</summary>
    public double Ratio => Statistics.Median(Runs.Ratios);

    /// <summary>Gets the median rate of this runtime.</summary>
    public double OursTokensPerSecond => Tokens / Statistics.Median(Runs.Ours);

    /// <summary>Gets the median rate of the peer.</summary>
    public double PeerTokensPerSecond => Tokens / Statistics.Median(Runs.Peer);

    /// <summary>Gets whether the peer was faster with flash attention, and so ran with it.</summary>
    public bool FlashAttention { get; init; }

    /// <summary>Gets the number of texts; 0 if the test is not of texts.</summary>
    public int Texts { get; init; }

    /// <summary>Gets the bytes that this runtime reads for a decoded token; 0 for a prefill.</summary>
    public double BytesPerToken { get; init; }

    /// <summary>Gets the read bandwidth in GB/s with as many threads: minimum and maximum of before and after.</summary>
    public (double Low, double High) MachineBandwidth { get; init; }
}

/// <summary>The starts of the two runtimes, each in its own processes.</summary>
/// <param name="Card">The model.</param>
/// <param name="Threads">Threads of each runtime.</param>
/// <param name="InstructionSet">The instruction set of this runtime.</param>
/// <param name="Ours">The facts of this runtime's processes.</param>
/// <param name="Peer">The facts of the peer's processes.</param>
/// <param name="Ratios">The peer's seconds to the first token divided by this runtime's, one for each pair of neighbouring runs.</param>
internal sealed record ComparedStart(
    ModelCard Card, int Threads, string InstructionSet, StartFacts Ours, StartFacts Peer, IReadOnlyList<double> Ratios)
{
    public double Ratio => Statistics.Median(Ratios);
}
