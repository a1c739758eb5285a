using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Kernels;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Tuning;

/// <summary>How a model is tuned.</summary>
public sealed record TuningOptions
{
    /// <summary>Seconds that measuring may take, loading apart; a step that has begun is finished.</summary>
    public double Seconds { get; init; } = 30;

    /// <summary>Also tries types of the KV cache that round more than F16 does: BF16 and Q8_0.</summary>
    public bool AllowLossyKv { get; init; }

    /// <summary>Receives events of loading; null for none.</summary>
    public Microsoft.Extensions.Logging.ILoggerFactory? LoggerFactory { get; init; }
}

/// <summary>What a search may choose from; the first of each list is the default.</summary>
internal sealed record TuningCandidates(
    IReadOnlyList<string> InstructionSets, IReadOnlyList<int> Threads, IReadOnlyList<int> BatchTokens, IReadOnlyList<KvCacheType> KvTypes)
{
    public TuningChoice Default => new(Threads[0], InstructionSets[0], InstructionSets[0], KvTypes[0], BatchTokens[0]);

    /// <summary>What this machine offers: instruction sets but the scalar one, physical cores and fewer and, with SMT, all processors.</summary>
    public static TuningCandidates OfThisMachine(bool allowLossyKv)
    {
        string best = InstructionSet.Default.Name;
        string[] fast = [.. InstructionSet.All.Where(set => set.IsSupported && set.Name != "scalar" && set.Name != best).Select(set => set.Name)];
        int cores = ProcessorTopology.PhysicalCores;
        int[] threads = [cores, cores - 1, cores * 3 / 4, cores / 2, Environment.ProcessorCount];
        return new TuningCandidates(
            [best, .. fast],
            [.. threads.Where(count => count >= 1).Distinct()],
            [512, 128, 256, 1024],
            allowLossyKv ? [KvCacheType.F16, KvCacheType.F32, KvCacheType.BF16, KvCacheType.Q8_0] : [KvCacheType.F16, KvCacheType.F32]);
    }
}
